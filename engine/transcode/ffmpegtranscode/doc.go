// Package ffmpegtranscode is the transcode driver over the ffmpeg and ffprobe programs, versions 5 to 8. Each task is one
// child process (platform/child): it crashes, is killed, limited and upgraded alone, and its licence and codec patents stay
// out of this binary.
//
// Every source is hostile. The container is told by our own look at its first bytes and forced with -f, so that playlists,
// concat scripts and image sequences are never opened; protocols are file and pipe only; pixels, streams, time, memory and
// file size are limited; there is no network.
//
// Video is encoded by libx264, libx265 and libsvtav1. Encoders in hardware are neither tried nor used: none has been held to
// the joins of chunks and to their SSIM limit.
//
// Command lines are built by pure functions over the plan and the version (args*.go) and held by golden files.
package ffmpegtranscode
