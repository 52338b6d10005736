//go:build cgo

#include "bridge.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <ggml-backend.h>
#include <whisper.h>

#define FUNCTIONS(F)                                                                                                    \
    F(whisper_log_set) F(ggml_log_set) F(ggml_backend_load_all_from_path) F(ggml_backend_dev_by_type)                    \
    F(whisper_context_default_params) F(whisper_init_from_file_with_params_no_state) F(whisper_free)                     \
    F(whisper_is_multilingual) F(whisper_token_eot) F(whisper_init_state) F(whisper_free_state)                          \
    F(whisper_full_default_params) F(whisper_full_with_state) F(whisper_lang_auto_detect_with_state)                     \
    F(whisper_lang_max_id) F(whisper_lang_str) F(whisper_full_n_segments_from_state)                                     \
    F(whisper_full_get_segment_no_speech_prob_from_state) F(whisper_full_n_tokens_from_state)                            \
    F(whisper_full_get_token_data_from_state) F(whisper_full_get_token_text_from_state)                                  \
    F(whisper_vad_default_context_params) F(whisper_vad_init_from_file_with_params) F(whisper_vad_free)                  \
    F(whisper_vad_detect_speech) F(whisper_vad_detect_speech_no_reset) F(whisper_vad_n_probs) F(whisper_vad_probs)

#define DECLARE(f) __typeof__(&f) f;
static struct { FUNCTIONS(DECLARE) } api;

static void quiet(enum ggml_log_level level, const char * text, void * data) { (void) level; (void) text; (void) data; }

// The caller holds a lock and calls once.
const char * sr_load(const char * libdir) {
    static char why[512];
    char path[4096];
    snprintf(path, sizeof path, "%s/libwhisper.so", libdir);
    void * lib = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (lib == NULL) {
        snprintf(why, sizeof why, "%s", dlerror());
        return why;
    }
#define BIND(f)                                                                                                         \
    if ((*(void **) &api.f = dlsym(lib, #f)) == NULL) {                                                                  \
        return "libwhisper.so lacks " #f;                                                                                \
    }
    FUNCTIONS(BIND)
    api.whisper_log_set(quiet, NULL);
    api.ggml_log_set(quiet, NULL);
    if (api.ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU) == NULL) { // not linked in: take the best variant
        api.ggml_backend_load_all_from_path(libdir);
    }
    if (api.ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU) == NULL) {
        return "no libggml-cpu variant fits this processor";
    }
    return NULL;
}

static enum whisper_alignment_heads_preset heads(const char * name) {
    static const struct { const char * name; enum whisper_alignment_heads_preset preset; } known[] = {
        {"tiny.en", WHISPER_AHEADS_TINY_EN}, {"tiny", WHISPER_AHEADS_TINY}, {"base.en", WHISPER_AHEADS_BASE_EN},
        {"base", WHISPER_AHEADS_BASE}, {"small", WHISPER_AHEADS_SMALL}, {"medium", WHISPER_AHEADS_MEDIUM},
        {"large-v3", WHISPER_AHEADS_LARGE_V3}, {"large-v3-turbo", WHISPER_AHEADS_LARGE_V3_TURBO},
    };
    for (size_t n = 0; n < sizeof known / sizeof known[0]; n++) {
        if (strcmp(name, known[n].name) == 0) return known[n].preset;
    }
    return WHISPER_AHEADS_NONE;
}

void * sr_model(const char * path, const char * dtw) {
    struct whisper_context_params p = api.whisper_context_default_params();
    p.use_gpu = false;
    p.flash_attn = false; // it and word alignment exclude each other
    p.dtw_aheads_preset = heads(dtw);
    p.dtw_token_timestamps = p.dtw_aheads_preset != WHISPER_AHEADS_NONE;
    return api.whisper_init_from_file_with_params_no_state(path, p);
}

void sr_model_free(void * model) { api.whisper_free(model); }
bool sr_multilingual(void * model) { return api.whisper_is_multilingual(model) != 0; }
int32_t sr_eot(void * model) { return api.whisper_token_eot(model); }
void * sr_state(void * model) { return api.whisper_init_state(model); }
void sr_state_free(void * state) { api.whisper_free_state(state); }

static bool asked_to_stop(void * stop) { return __atomic_load_n((const int32_t *) stop, __ATOMIC_RELAXED) != 0; }

static struct whisper_full_params params(const sr_decode * d) {
    struct whisper_full_params p = api.whisper_full_default_params(WHISPER_SAMPLING_GREEDY);
    p.n_threads = 1;
    p.print_progress = p.print_realtime = p.print_timestamps = p.print_special = false;
    p.no_context = true;
    p.token_timestamps = true;
    p.suppress_nst = true; // no "[music]", no notes
    p.greedy.best_of = 1;
    p.audio_ctx = d->audio_ctx;
    p.language = d->language;
    p.initial_prompt = d->prompt;
    p.translate = d->translate;
    p.temperature_inc = d->fallback ? 0.4f : 0.0f;
    p.abort_callback = asked_to_stop;
    p.abort_callback_user_data = (void *) d->stop;
    return p;
}

int sr_run(void * model, void * state, sr_decode * d) {
    double before = sr_cpu_seconds();
    int rc = api.whisper_full_with_state(model, state, params(d), d->samples, d->count);
    d->cpu_s = sr_cpu_seconds() - before;
    return rc;
}

static bool never(struct whisper_context * c, struct whisper_state * s, void * d) { (void) c; (void) s; (void) d; return false; }

// The encoder's length is a parameter of a whole run only. A run that is told not to begin sets it and computes the
// spectrogram, and detection goes on from there: on 10 s it costs a third of what it costs on 30.
int sr_languages(void * model, void * state, sr_decode * d, float * probs) {
    double before = sr_cpu_seconds();
    struct whisper_full_params p = params(d);
    p.encoder_begin_callback = never;
    int rc = api.whisper_full_with_state(model, state, p, d->samples, d->count);
    if (rc == 0 && api.whisper_lang_auto_detect_with_state(model, state, 0, 1, probs) < 0) rc = -1;
    d->cpu_s = sr_cpu_seconds() - before;
    return rc;
}

int sr_language_count(void) { return api.whisper_lang_max_id() + 1; }
const char * sr_language(int id) { return api.whisper_lang_str(id); }
int sr_segments(void * state) { return api.whisper_full_n_segments_from_state(state); }
float sr_silent(void * state, int i) { return api.whisper_full_get_segment_no_speech_prob_from_state(state, i); }
int sr_tokens(void * state, int i) { return api.whisper_full_n_tokens_from_state(state, i); }

sr_token sr_token_at(void * model, void * state, int i, int n) {
    whisper_token_data t = api.whisper_full_get_token_data_from_state(state, i, n);
    sr_token out = {t.id, t.p, t.plog, t.t0, t.t1, t.t_dtw, api.whisper_full_get_token_text_from_state(model, state, i, n)};
    return out;
}

void * sr_vad(const char * path) {
    struct whisper_vad_context_params p = api.whisper_vad_default_context_params();
    p.n_threads = 1;
    p.use_gpu = false;
    return api.whisper_vad_init_from_file_with_params(path, p);
}

void sr_vad_free(void * vad) { api.whisper_vad_free(vad); }

const float * sr_vad_probs(void * vad, bool afresh, const float * samples, int count, int * n) {
    bool ok = afresh ? api.whisper_vad_detect_speech(vad, samples, count) : api.whisper_vad_detect_speech_no_reset(vad, samples, count);
    if (!ok) return NULL;
    *n = api.whisper_vad_n_probs(vad);
    return api.whisper_vad_probs(vad);
}

double sr_cpu_seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double) t.tv_sec + (double) t.tv_nsec / 1e9;
}
