// Package transcode is the port to a media transcoder: it says what a file is (Probe), cuts a plan into independent tasks
// (Split) and does one task (Run). It also holds the arithmetic every driver and reader shares: shots from scores, spans
// merged across chunk edges, sprite cue sheets, captions read into WebVTT.
//
// It is not for deciding what to make of a file (the job templates of ingest do), for scheduling (engine/flow and
// platform/budget do), nor for storing or packaging the outcome (engine/blob, platform/cmaf).
//
// The unit of video work is the chunk, a whole number of GOPs decoded once for every output; audio is never cut, because
// encoder priming makes joins audible. Chunks of one plan are encoded with the same settings, so their stored bytes join
// without re-encoding (ISO/IEC 23000-19 §7).
package transcode
