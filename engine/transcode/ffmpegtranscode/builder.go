package ffmpegtranscode

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"showreel/engine/transcode"
	"showreel/fault"
	"showreel/media"
)

// builder makes command lines. It is a pure value: equal builders make equal arguments, and a task's key is their hash.
// Every output is named relative to the task's folder, where the child runs.
type builder struct {
	flavour
	plan     transcode.Plan
	source   string // path of the source; a placeholder when keys are made
	limits   Limits
	tolerant bool // second try on a damaged source: ignore errors, fill gaps by time
}

// sourceName stands for the source in keys.
const sourceName = "SOURCE"

// demuxers that may be forced, by the first name of Info.Format. Nothing that opens other files is here: no hls, dash,
// concat, image2, sdp, no subtitle reader.
var demuxers = map[string]string{
	"mov": "mov", "matroska": "matroska", "avi": "avi", "wav": "wav", "ogg": "ogg", "flac": "flac", "flv": "flv", "asf": "asf", "mxf": "mxf",
	"mpeg": "mpeg", "mpegvideo": "mpegvideo", "mpegts": "mpegts", "amr": "amr", "caf": "caf", "au": "au", "wv": "wv", "ape": "ape", "ivf": "ivf",
	"yuv4mpegpipe": "yuv4mpegpipe", "nut": "nut", "dv": "dv", "mp3": "mp3", "aac": "aac", "ac3": "ac3", "aiff": "aiff", "w64": "w64",
	"jpeg": "jpeg_pipe", "png": "png_pipe", "webp": "webp_pipe", "bmp": "bmp_pipe", "tiff": "tiff_pipe", "exr": "exr_pipe", "psd": "psd_pipe",
	"dpx": "dpx_pipe", "jpegxl": "jpegxl_pipe", "j2k": "j2k_pipe", "gif": "gif", "avif": "mov", "heif": "mov",
}

func demuxerOf(info media.Info) (string, error) {
	first, _, _ := strings.Cut(info.Format, ",")
	if d, ok := demuxers[first]; ok {
		return d, nil
	}
	return "", fault.Say("transcode.split", info.Format, fault.Unsupported, "unsupported-format", "Files of the format %q are not taken. Convert the file and upload it again.", info.Format)
}

// head is what every run begins with.
func (b builder) head(progress bool) []string {
	a := []string{"-nostdin", "-hide_banner", "-loglevel", "error", "-y"}
	if progress {
		a = append(a, "-progress", "pipe:1", "-stats_period", "0.25")
	}
	return a
}

// input opens the source at a container time in seconds; before lists further input options.
func (b builder) input(at float64, threads int, before ...string) []string {
	demuxer, err := demuxerOf(b.plan.Info)
	if err != nil {
		demuxer = "unsupported" // Split refuses such a plan
	}
	pixels := b.limits.VideoPixels
	if b.plan.Info.Kind == media.Image {
		pixels = b.limits.ImagePixels
	}
	a := []string{"-protocol_whitelist", "file,pipe", "-max_pixels", strconv.FormatInt(pixels, 10), "-threads", strconv.Itoa(threads)}
	if b.tolerant {
		a = append(a, "-err_detect", "ignore_err", "-fflags", "+discardcorrupt+genpts")
	}
	a = append(a, before...)
	if at > 0 {
		a = append(a, "-seek_timestamp", "1", "-ss", seconds(at))
	}
	return append(a, "-f", demuxer, "-i", "file:"+b.source)
}

// seconds renders to the microsecond, which is all that ffmpeg keeps.
func seconds(s float64) string {
	return strconv.FormatFloat(math.Round(s*1e6)/1e6, 'f', -1, 64)
}

// timescale is the number of ticks a second of a video track: a multiple of the rate's numerator, so that every frame is
// a whole number of ticks, and at least 10,000.
func timescale(r media.Rate) int64 {
	t := r.Num
	for t < 10_000 {
		t *= 2
	}
	return t
}

// frameTicks is the length of one frame in ticks of timescale.
func frameTicks(r media.Rate) int64 { return r.Den * (timescale(r) / r.Num) }

// indexed reports whether seeking in the source's container lands on a key frame.
func (b builder) indexed() bool {
	switch d, _ := demuxerOf(b.plan.Info); d {
	case "mov", "matroska", "avi", "mxf", "nut":
		return true
	}
	return false
}

// conform reports whether frames must be put on the plan's grid by time: the source varies, has another rate, says
// another rate than it has, or cannot be opened at a frame.
func (b builder) conform() bool {
	v := b.plan.Info.Main("video")
	return b.tolerant || !b.indexed() || v.VFR || v.Rate != b.plan.Rate || v.Nominal != b.plan.Rate
}

// movflags make CMAF that starts at 0.000.
const movflags = "cmaf+frag_keyframe+delay_moov+default_base_moof+negative_cts_offsets"

// encoder is the video encoder's arguments for a rung with a closed GOP of gop frames.
func (b builder) encoder(r transcode.Rung, gop, threads int) []string {
	g := strconv.Itoa(gop)
	crf := r.CRF
	if crf == 0 {
		crf = 23
	}
	var a []string
	switch r.Codec {
	case "hevc":
		a = []string{"-c:v", "libx265", "-preset", or(r.Preset, "fast"), "-tag:v", "hvc1",
			"-x265-params", fmt.Sprintf("log-level=error:keyint=%s:min-keyint=%s:scenecut=0:open-gop=0:pools=%d:frame-threads=1", g, g, threads)}
	case "av1":
		a = []string{"-c:v", "libsvtav1", "-preset", or(r.Preset, "12"), "-svtav1-params", fmt.Sprintf("keyint=%s:scd=0:lp=%d", g, threads)}
	default:
		a = []string{"-c:v", "libx264", "-preset", or(r.Preset, "veryfast"), "-profile:v", or(r.Profile, "high"), "-sc_threshold", "0", "-keyint_min", g}
	}
	a = append(a, "-g", g, "-crf", strconv.Itoa(crf), "-threads", strconv.Itoa(threads))
	if r.MaxKbps > 0 && r.Codec != "av1" {
		buf := r.BufKbps
		if buf == 0 {
			buf = 2 * r.MaxKbps
		}
		a = append(a, "-maxrate", fmt.Sprintf("%dk", r.MaxKbps), "-bufsize", fmt.Sprintf("%dk", buf))
	}
	return append(a, b.colour(r)...)
}

// colour tags the output: BT.709 after tone mapping, else what the source says, else what a player would guess of the
// source's size, so that a smaller rung is not guessed differently.
func (b builder) colour(r transcode.Rung) []string {
	v := b.plan.Info.Main("video")
	matrix, primaries, transfer := v.Matrix, v.Primaries, v.Transfer
	guess := "bt709"
	if v.Height < 720 {
		guess = "smpte170m"
	}
	if b.plan.Picture.ToneMap || rgb(v.PixFmt) {
		matrix, primaries, transfer, guess = "", "", "", "bt709"
	}
	return []string{"-colorspace", or(known(matrix), guess), "-color_primaries", or(known(primaries), guess), "-color_trc", or(known(transfer), guess), "-color_range", "tv"}
}

func known(s string) string {
	switch s {
	case "unknown", "reserved", "gbr":
		return ""
	}
	return s
}

func rgb(pixFmt string) bool {
	return strings.HasPrefix(pixFmt, "gbr") || strings.Contains(pixFmt, "rgb") || strings.Contains(pixFmt, "bgr") || pixFmt == "pal8"
}

func or(s, fallback string) string {
	if s == "" {
		return fallback
	}
	return s
}

// pixels is the encoder's pixel format: 10 bit only where HDR is kept.
func (b builder) pixels(r transcode.Rung) string {
	if b.plan.Info.Main("video").HDR() && !b.plan.Picture.ToneMap && r.Codec != "avc" {
		return "yuv420p10le"
	}
	return "yuv420p"
}
