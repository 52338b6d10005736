// Package whisperspeech drives engine/speech with whisper.cpp (words, Silero's voice activity) and Resemblyzer's GE2E
// network (voices). It needs cgo; only the program that runs models links it.
//
// libwhisper is loaded when it is first needed, so that a machine without it still runs the program's other roles. Sound
// is cut at silences into windows that fit Whisper's 30 s, each decoded greedily by one thread; words get their times from
// the alignment of the decoder's attention (dynamic time warping, WhisperX and OpenAI's own recipe). What the network says
// where nobody speaks is dropped, see guard.go.
//
// Sources: Radford et al. 2022 (Whisper), ggml-org/whisper.cpp 1.8.5, snakers4/silero-vad 6.2, Wan et al. 2018 (GE2E).
package whisperspeech
