package ffmpegtranscode

import (
	"fmt"
	"strconv"

	"showreel/engine/transcode"
)

// loudnessFile is what the first pass over a track writes.
const loudnessFile = "loudness.txt"

// silenceDB is the level below which sound counts as silence, in dBFS.
const silenceDB = -50.0

// soundStart is where sound is read from, in seconds from the container's start: where the picture starts, because the
// first frame is the asset's zero.
func (b builder) soundStart() float64 {
	if v := b.plan.Info.Main("video"); v != nil {
		return max(0, v.Start.Seconds())
	}
	return 0
}

// zeroed makes sound start at zero exactly: what came earlier is cut, a late start is filled with silence, gaps too.
const zeroed = "aresample=async=1:first_pts=0"

// measure is the first pass over a track: R128 ten times a second and silence.
func (b builder) measure(o transcode.AudioOut) []string {
	a := append(b.head(true), b.input(b.soundStart(), 1, "-vn", "-sn", "-dn")...)
	graph := fmt.Sprintf("[0:%d]%s,ebur128=peak=true:metadata=1:framelog=verbose,silencedetect=n=%sdB:d=0.5,ametadata=mode=print:file=%s[o]",
		o.Stream, zeroed, seconds(silenceDB), loudnessFile)
	return append(a, "-filter_complex", graph, "-map", "[o]", "-f", "null", "-")
}

// audio is the second pass: gain, layout, encoder, CMAF in fragments as long as the video's GOP.
func (b builder) audio(o transcode.AudioOut, gain string) []string {
	a := append(b.head(true), b.input(b.soundStart(), 1, "-vn", "-sn", "-dn")...)
	graph := fmt.Sprintf("[0:%d]%s", o.Stream, zeroed)
	if gain != "" {
		graph += "," + gain
	}
	graph += ",aresample=48000[o]"
	a = append(a, "-filter_complex", graph, "-map", "[o]")
	a = append(a, b.soundCodec(o.Codec, o.Kbps, o.Channels)...)
	return append(a, "-map_metadata", "-1", "-map_chapters", "-1", "-movflags", movflagsAudio, "-frag_duration", strconv.FormatInt(b.fragmentUS(), 10), "-f", "mp4", "file:"+o.Name+".mp4")
}

// movflagsAudio cuts by duration: every audio frame is a key frame.
const movflagsAudio = "cmaf+delay_moov+default_base_moof+negative_cts_offsets"

// fragmentUS is the length of a GOP in microseconds, 2 s without video.
func (b builder) fragmentUS() int64 {
	if b.plan.Rate.Known() && b.plan.GOPFrames > 0 {
		return int64(b.plan.GOPFrames) * b.plan.Rate.Den * 1_000_000 / b.plan.Rate.Num
	}
	return 2_000_000
}

func (b builder) soundCodec(codec string, kbps, channels int) []string {
	name := "aac"
	if codec == "opus" {
		name = "libopus"
	}
	a := []string{"-c:a", name, "-ar", "48000"}
	if kbps > 0 {
		a = append(a, "-b:a", fmt.Sprintf("%dk", kbps))
	}
	if channels > 0 {
		a = append(a, "-ac", strconv.Itoa(channels))
	}
	return a
}

// speech writes the 16 kHz mono WAV that speech models take; the waveform is read from it.
func (b builder) speech(stream int) []string {
	a := append(b.head(true), b.input(b.soundStart(), 1, "-vn", "-sn", "-dn")...)
	return append(a, "-filter_complex", fmt.Sprintf("[0:%d]%s,aresample=16000[o]", stream, zeroed), "-map", "[o]",
		"-ac", "1", "-c:a", "pcm_s16le", "-map_metadata", "-1", "-fflags", "+bitexact", "-f", "wav", "-rf64", "auto", "file:"+wavFile)
}

const (
	wavFile      = "speech.wav"
	waveformFile = "waveform.json"
)
