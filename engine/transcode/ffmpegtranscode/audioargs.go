package ffmpegtranscode

import (
	"fmt"
	"math"
	"strconv"

	"showreel/engine/transcode"
)

// What the passes over a track and over its rendition write.
const (
	loudnessFile = "loudness.txt"
	outcomeFile  = "outcome.txt"
)

// silenceDB is the level below which sound counts as silence, in dBFS.
const silenceDB = -50.0

// sound opens the source for sound alone, with the container's own time stamps.
func (b builder) sound() []string {
	return append(b.head(true), b.input(0, 1, "-copyts", "-vn", "-sn", "-dn")...)
}

// zeroed makes sound start at zero exactly, where the picture starts, because the first frame is the asset's zero: what
// came earlier is cut, a late start is filled with silence, gaps too.
func (b builder) zeroed(stream int) string {
	zero := 0.0
	for _, s := range b.plan.Info.Streams {
		if s.Index == stream {
			zero = s.Start.Seconds()
		}
	}
	if v := b.plan.Info.Main("video"); v != nil {
		zero = v.Start.Seconds()
	}
	return fmt.Sprintf("[0:%d]asetpts=PTS-(%s)/TB,aresample=async=1:first_pts=0", stream, seconds(zero))
}

// delivered is the sound of a rendition before its level is set: from zero, in the rendition's layout, at 48 kHz. Both
// passes work on it, because a downmix has another loudness and other peaks than its source. Floating point keeps the
// downmix from clipping.
func (b builder) delivered(o transcode.AudioOut) string { return b.zeroed(o.Stream) + "," + b.form(o) }

func (b builder) form(o transcode.AudioOut) string {
	form := "aformat=sample_fmts=fltp:sample_rates=48000"
	if layout := b.layout(o); layout != "" {
		form += ":channel_layouts=" + layout
	}
	return form
}

// measure is the first pass over a track: R128 ten times a second and silence.
func (b builder) measure(o transcode.AudioOut) []string {
	a := b.sound()
	graph := fmt.Sprintf("%s,ebur128=peak=true:metadata=1:framelog=verbose,silencedetect=n=%sdB:d=0.5,ametadata=mode=print:file=%s[o]",
		b.delivered(o), seconds(silenceDB), loudnessFile)
	return append(a, "-filter_complex", graph, "-map", "[o]", "-f", "null", "-")
}

// outcome measures a finished rendition, because limiting and lossy encoding change loudness and peak.
func (b builder) outcome(o transcode.AudioOut) []string {
	a := append(b.head(true), "-protocol_whitelist", "file,pipe", "-f", "mov", "-i", "file:"+o.Name+".mp4")
	return append(a, "-filter_complex", fmt.Sprintf("[0:a]ebur128=peak=true:metadata=1:framelog=verbose,ametadata=mode=print:file=%s[o]", outcomeFile), "-map", "[o]", "-f", "null", "-")
}

// audio is the second pass: gain, encoder, CMAF in fragments as long as the video's GOP.
func (b builder) audio(o transcode.AudioOut, gain string) []string {
	a := b.sound()
	graph := b.delivered(o)
	if gain != "" {
		graph += "," + gain + "," + b.form(o) // said again: what a resampler gives is open
	}
	a = append(a, "-filter_complex", graph+"[o]", "-map", "[o]")
	a = append(a, b.soundCodec(o.Codec, o.Kbps, 0)...)
	return append(a, "-map_metadata", "-1", "-map_chapters", "-1", "-movflags", movflagsAudio, "-frag_duration", strconv.FormatInt(b.fragmentUS(), 10), "-f", "mp4", "file:"+o.Name+".mp4")
}

// limiter raises the level by a gain in dB and holds the true peak under a limit in dBTP. It works at four times the rate,
// where the peaks between samples are samples (ITU-R BS.1770-4 annex 2), and gives its 5 ms of foresight back.
// Without asc it clips where peaks of several channels follow closely: 2.3 dB over the limit on Big Buck Bunny's 5.1.
func limiter(gainDB, limitDB float64) string {
	return fmt.Sprintf("volume=%sdB,aresample=192000,alimiter=limit=%.4f:level=0:asc=1:latency=1", seconds(gainDB), math.Pow(10, limitDB/20))
}

// Layouts by number of channels. Those of wide AAC have a channel configuration of their own (ISO/IEC 14496-3 table
// 1.19): another one, such as 5.1(side) of AC-3, would be described inside the stream, where ffmpeg itself and many
// players do not find it. Those of Opus are mapping family 1 (RFC 7845 section 5.1.1.2).
var (
	aacLayouts  = []string{"", "mono", "stereo", "3.0", "4.0", "5.0", "5.1", "5.1", "7.1"}
	opusLayouts = []string{"", "mono", "stereo", "3.0", "quad", "5.0", "5.1", "6.1", "7.1"}
)

// layout is the channel layout of a rendition, "" where neither the plan nor the source says how many channels there are.
func (b builder) layout(o transcode.AudioOut) string {
	n := o.Channels
	for _, s := range b.plan.Info.Streams {
		if s.Index == o.Stream && n == 0 {
			n = s.Channels
		}
	}
	if o.Codec == "opus" {
		return opusLayouts[min(n, 8)]
	}
	return aacLayouts[min(n, 8)]
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
	a := b.sound()
	return append(a, "-filter_complex", b.zeroed(stream)+",aresample=16000[o]", "-map", "[o]",
		"-ac", "1", "-c:a", "pcm_s16le", "-map_metadata", "-1", "-fflags", "+bitexact", "-f", "wav", "file:"+wavFile)
}

const (
	wavFile      = "speech.wav"
	waveformFile = "waveform.json"
)
