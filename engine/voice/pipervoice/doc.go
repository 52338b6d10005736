// Package pipervoice drives engine/voice by Piper voices (VITS exported to ONNX, github.com/rhasspy/piper): espeak-ng, run
// as a program of its own, turns text into phonemes, the voice turns phonemes into sound. The times of words come from the
// synthesis itself: the voice gives the duration of each phoneme in frames of 256 samples, and each phoneme is known to
// belong to one word, because the sentence's phonemes are aligned with those of its words spoken alone.
//
// The voices are run without their random noise, so that the same text gives the same samples and a film's speech can be
// kept by the hash of its text. It links ONNX Runtime through cgo and is compiled into showreel-ai only; the server reaches
// it through remotevoice. It reads no SSML.
package pipervoice
