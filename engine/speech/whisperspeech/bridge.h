// The part of whisper.cpp that this package uses, bound when it is first needed.
#ifndef SHOWREEL_BRIDGE_H
#define SHOWREEL_BRIDGE_H

#include <stdbool.h>
#include <stdint.h>

typedef struct sr_decode {
    const float * samples; // 16 kHz, -1..1
    int count;
    int audio_ctx;         // encoder frames, 50 a second; 0 is all of 30 s
    const char * language;
    const char * prompt;   // NULL is none
    bool translate;
    bool fallback;         // decode again at higher temperatures when the result looks bad
    const int32_t * stop;  // not 0 asks to stop
    double cpu_s;          // out
} sr_decode;

typedef struct sr_token {
    int32_t id;
    float p, plog;
    int64_t t0, t1, dtw; // 10 ms; dtw < 0 if unknown
    const char * text;
} sr_token;

// sr_load binds LIBDIR/libwhisper.so and its processor variants. NULL, or what is wrong.
const char * sr_load(const char * libdir);

void * sr_model(const char * path, const char * dtw);
void sr_model_free(void * model);
bool sr_multilingual(void * model);
int32_t sr_eot(void * model);
void * sr_state(void * model);
void sr_state_free(void * state);

// sr_run decodes into the state: 0 is success.
int sr_run(void * model, void * state, sr_decode * d);
// sr_languages looks at the samples and fills probs, one a language id: 0 is success.
int sr_languages(void * model, void * state, sr_decode * d, float * probs);
int sr_language_count(void);
const char * sr_language(int id);

int sr_segments(void * state);
float sr_silent(void * state, int segment);
int sr_tokens(void * state, int segment);
sr_token sr_token_at(void * model, void * state, int segment, int n);

void * sr_vad(const char * path);
void sr_vad_free(void * vad);
// sr_vad_probs returns the probabilities of 32 ms each, valid until the next call, NULL on failure. Unless afresh, the
// network goes on from where it was.
const float * sr_vad_probs(void * vad, bool afresh, const float * samples, int count, int * n);

double sr_cpu_seconds(void); // of the calling thread
#endif
