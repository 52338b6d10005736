// Package remotespeech is engine/speech over the wire: a client that any process may link, and the other side that the
// program with the models mounts. Sound travels as one part of little-endian 16 bit samples, vectors as parts of
// little-endian float32. It computes nothing.
package remotespeech

// Paths of the wire.
const (
	pathTranscribe = "/v1/speech/transcribe"
	pathActivity   = "/v1/speech/activity"
	pathVoices     = "/v1/speech/voices"
	pathCaps       = "/v1/speech/caps"
)
