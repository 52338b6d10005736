package ingest

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"showreel/engine/transcode"
	"showreel/fault"
	"showreel/media"
)

// Defaults of a template's time structure. Two-second GOPs are what HLS and DASH players expect (Apple HLS authoring
// specification 1.25-1.26); a chunk of 30 to 60 s loses at most that much work to a crash.
const (
	defaultGOPMS   = 2_000
	defaultChunkMS = 40_000
	minChunkMS     = 30_000
)

// Plan applies a template to one probed source. It is pure: the same template and info give the same plan.
// Errors: fault.Unsupported "nothing-to-make" where the source has nothing that the template makes.
func Plan(t Template, info media.Info) (transcode.Plan, error) {
	p := transcode.Plan{Info: info}
	switch info.Kind {
	case media.Image:
		p.Images = planImages(t.Images)
		return p, nil
	case media.Text:
		p.Subtitles = planTextFile(info)
		return p, nil
	}
	video, audio := info.Main("video"), info.Main("audio")
	if video != nil && t.Video != nil {
		planVideo(&p, t, *video)
	}
	if audio != nil && t.Audio != nil {
		p.Audios = planAudio(*t.Audio, info.All("audio"))
		p.Speech = t.Analysis.Speech
		p.WaveformPPS = t.Analysis.WaveformPPS
	}
	if t.Subtitles {
		p.Subtitles = planSubtitles(info.All("subtitle"))
	}
	if len(p.Rungs) == 0 && len(p.Audios) == 0 {
		return p, fault.Say("ingest.plan", t.Name, fault.Unsupported, "nothing-to-make",
			"The template %s makes nothing of this file: it has %s. Choose another template.", t.Name, contents(video != nil, audio != nil))
	}
	return p, p.Check()
}

func contents(video, audio bool) string {
	switch {
	case video && audio:
		return "picture and sound"
	case video:
		return "picture but no sound"
	case audio:
		return "sound but no picture"
	}
	return "neither picture nor sound"
}

func planVideo(p *transcode.Plan, t Template, s media.Stream) {
	v := *t.Video
	p.Rate = conformRate(s, v.MaxFPS)
	length := s.Duration
	if length <= 0 {
		length = p.Info.Duration
	}
	p.Frames = max(1, p.Rate.Frames(length))
	if s.Frames > 0 && !s.VFR && p.Rate == s.Rate {
		p.Frames = s.Frames
	}
	p.GOPFrames, p.ChunkFrames = timeGrid(p.Rate, p.Frames, v)
	p.Picture = transcode.Picture{Deinterlace: interlaced(s), ToneMap: s.HDR()}

	w, h := frameOf(v, s)
	if v.Aspect != "" {
		p.Picture.Fit, p.Picture.Width, p.Picture.Height = v.Fit, w, h
	}
	p.Rungs = ladder(v, w, h)
	if x := t.Proxy; x != nil && length >= media.Time(x.MinSeconds)*media.Second {
		pw, ph, scale := fit(w, h, x.Size)
		p.Proxy = &transcode.Rung{
			Name: fmt.Sprintf("v%d-proxy", x.Size), Width: pw, Height: ph, Codec: "avc", Preset: x.Preset, Profile: "main",
			CRF: x.CRF, MaxKbps: capKbps(x.MaxKbps, scale), BufKbps: 2 * capKbps(x.MaxKbps, scale),
		}
	}
	p.Poster = true
	p.Analysis = transcode.Analysis{Shots: t.Analysis.Shots, QC: t.Analysis.QC, FramesWidth: min(t.Analysis.FramesWidth, even(w))}
	if x := t.Analysis.Sprites; x != nil {
		p.Analysis.Sprites = &transcode.Sprites{
			TileW: even(x.TileW), TileH: even(int(math.Round(float64(x.TileW) * float64(h) / float64(w)))),
			IntervalMS: x.IntervalMS, Cols: x.Cols, Rows: x.Rows,
		}
	}
}

// frameOf is the size of the upright picture that the ladder scales: the source's own, or for a template with an aspect
// the largest frame of that shape which the source fills without being enlarged.
func frameOf(v VideoRecipe, s media.Stream) (w, h int) {
	w, h = s.Shown()
	w, h = max(w, 2), max(h, 2)
	aw, ah, ok := aspectOf(v.Aspect)
	if !ok {
		return even(w), even(h)
	}
	scale := min(float64(w)/float64(aw), float64(h)/float64(ah))
	if v.Fit != "cover" {
		scale = max(float64(w)/float64(aw), float64(h)/float64(ah))
	}
	largest := 0
	for _, r := range v.Rungs {
		largest = max(largest, r.Size)
	}
	// A frame below the smallest rung would give a postage stamp; the largest rung bounds the other end.
	short := min(max(scale*float64(min(aw, ah)), 240), float64(largest))
	unit := short / float64(min(aw, ah))
	return even(int(math.Round(unit * float64(aw)))), even(int(math.Round(unit * float64(ah))))
}

// ladder scales the frame to each rung and prunes those that would enlarge it. A frame that lies well above the largest
// rung that fits (by a quarter or more) keeps one rung of its own size.
func ladder(v VideoRecipe, w, h int) []transcode.Rung {
	recipes := slices.Clone(v.Rungs)
	slices.SortFunc(recipes, func(a, b RungRecipe) int { return b.Size - a.Size })
	var out []transcode.Rung
	var above *RungRecipe // the smallest rung that would enlarge
	for n, r := range recipes {
		rw, rh, scale := fit(w, h, r.Size)
		if scale > 1 {
			above = &recipes[n]
			continue
		}
		if len(out) > 0 && out[len(out)-1].Width == rw && out[len(out)-1].Height == rh {
			continue
		}
		out = append(out, rung(v, r, fmt.Sprintf("v%d-%s", r.Size, v.Codec), rw, rh, r.MaxKbps))
	}
	if above == nil {
		return out
	}
	if len(out) == 0 || float64(w*h) >= 1.25*1.25*float64(out[0].Width*out[0].Height) {
		_, _, scale := fit(w, h, above.Size)
		own := rung(v, *above, fmt.Sprintf("v%d-%s", min(w, h), v.Codec), w, h, capKbps(above.MaxKbps, 1/scale))
		out = slices.Insert(out, 0, own)
	}
	return out
}

func rung(v VideoRecipe, r RungRecipe, name string, w, h, kbps int) transcode.Rung {
	crf := v.CRF
	if r.CRF > 0 {
		crf = r.CRF
	}
	return transcode.Rung{Name: name, Width: w, Height: h, Codec: v.Codec, Preset: v.Preset, Profile: v.Profile, CRF: crf, MaxKbps: kbps, BufKbps: 2 * kbps}
}

// fit scales the frame into the class's box, 16:9 and lying or standing as the frame does, without enlarging it. scale
// is what the box would have allowed: above 1 the class is larger than the frame.
func fit(w, h, class int) (fw, fh int, scale float64) {
	boxW, boxH := float64(class)*16/9, float64(class)
	if h > w {
		boxW, boxH = boxH, boxW
	}
	scale = min(boxW/float64(w), boxH/float64(h))
	s := min(scale, 1)
	return even(int(math.Round(float64(w) * s))), even(int(math.Round(float64(h) * s))), scale
}

// capKbps lowers a cap with the picture's area: bits grow with area to the power 0.75 (the rule of thumb of
// per-title ladders, Ozer, "Video Encoding by the Numbers", 2017).
func capKbps(kbps int, scale float64) int {
	if scale >= 1 {
		return kbps
	}
	return max(64, int(math.Round(float64(kbps)*math.Pow(scale*scale, 0.75))))
}

func even(n int) int { return max(2, n&^1) }

func interlaced(s media.Stream) bool {
	return slices.Contains([]string{"tt", "bb", "tb", "bt"}, s.FieldOrder)
}

// gridRates are the constant frame rates that a source off the grid is conformed to.
var gridRates = []media.Rate{{Num: 12, Den: 1}, {Num: 15, Den: 1}, {Num: 24000, Den: 1001}, {Num: 24, Den: 1}, {Num: 25, Den: 1},
	{Num: 30000, Den: 1001}, {Num: 30, Den: 1}, {Num: 48, Den: 1}, {Num: 50, Den: 1}, {Num: 60000, Den: 1001}, {Num: 60, Den: 1}, {Num: 100, Den: 1}, {Num: 120, Den: 1}}

// conformRate chooses the constant rate of every rung: the source's own where it is constant, else the nearest of the
// grid not below its average; halved until it is at most maxFPS.
func conformRate(s media.Stream, maxFPS float64) media.Rate {
	r := s.Rate
	if !r.Known() {
		r = s.Nominal
	}
	if !r.Known() {
		r = media.Rate{Num: 25, Den: 1}
	}
	if s.VFR || r.FPS() > 240 || r.FPS() < 1 {
		fps := r.FPS()
		r = gridRates[len(gridRates)-1]
		for _, g := range gridRates {
			if g.FPS() >= fps*0.995 {
				r = g
				break
			}
		}
	}
	for maxFPS > 0 && r.FPS() > maxFPS*1.001 {
		if r.Num%2 == 0 {
			r.Num /= 2
		} else {
			r.Den *= 2
		}
	}
	return r
}

// timeGrid returns the GOP and the chunk in frames. Chunks are equal but for the last, a whole number of GOPs, between
// 30 and 60 s where the template does not say otherwise; a short clip is one chunk.
func timeGrid(rate media.Rate, frames int64, v VideoRecipe) (gop, chunk int) {
	gopMS, chunkMS := v.GOPMS, v.ChunkMS
	if gopMS == 0 {
		gopMS = defaultGOPMS
	}
	if chunkMS == 0 {
		chunkMS = defaultChunkMS
	}
	gop = max(1, int(math.Round(rate.FPS()*float64(gopMS)/1000)))
	count := max(1, int64(math.Round(float64(rate.At(frames).MS())/float64(chunkMS))))
	each := (frames + count - 1) / count
	gops := max(1, (each+int64(gop)-1)/int64(gop))
	return gop, int(gops) * gop
}

// planAudio keeps every track. Sound with more than two channels gets its own layout, a stereo mix, or both.
func planAudio(a AudioRecipe, streams []media.Stream) []transcode.AudioOut {
	var out []transcode.AudioOut
	names := map[string]int{}
	main := defaultStream(streams)
	for n, s := range streams {
		wide := s.Channels > 2
		if !wide || a.Surround != "keep" {
			out = append(out, audioOut(a, s, min(max(s.Channels, 1), 2), names, n == main))
		}
		if wide && a.Surround != "stereo" {
			out = append(out, audioOut(a, s, standardChannels(s.Channels), names, n == main && a.Surround == "keep"))
		}
	}
	return out
}

// standardChannels is the widest layout with a channel configuration that a source of so many channels fills.
func standardChannels(n int) int {
	switch {
	case n >= 8:
		return 8
	case n == 7:
		return 6
	}
	return n
}

func defaultStream(streams []media.Stream) int {
	for n, s := range streams {
		if s.Default {
			return n
		}
	}
	return 0
}

func audioOut(a AudioRecipe, s media.Stream, channels int, names map[string]int, def bool) transcode.AudioOut {
	kbps := max(32, a.KbpsPerChannel*channels)
	name := fmt.Sprintf("a-%s-%s%d", langOr(s.Lang, "und"), a.Codec, kbps)
	names[name]++
	if n := names[name]; n > 1 {
		name = fmt.Sprintf("%s-%d", name, n)
	}
	// Mono and stereo keep the source's layout. Wide sound names its channels, for side surrounds (5.1(side), as in AC-3)
	// have no channel configuration of their own in AAC (ISO/IEC 14496-3 table 1.19) and players guess wrongly.
	kept := 0
	if s.Channels > 2 {
		kept = channels
	}
	return transcode.AudioOut{Name: name, Stream: s.Index, Lang: s.Lang, Title: s.Title, Codec: a.Codec, Kbps: kbps, Channels: kept,
		TargetLUFS: a.LoudnessLUFS, TruePeakDB: a.TruePeakDB, Default: def}
}

// textSubtitles are the codecs that can be written as text; picture subtitles (DVB, PGS, VobSub) cannot.
var textSubtitles = []string{"subrip", "webvtt", "ass", "ssa", "mov_text", "text", "ttml", "eia_608", "subviewer", "microdvd", "stl"}

func planSubtitles(streams []media.Stream) []transcode.SubtitleOut {
	var out []transcode.SubtitleOut
	names := map[string]int{}
	for _, s := range streams {
		if !slices.Contains(textSubtitles, s.Codec) {
			continue
		}
		name := "t-" + langOr(s.Lang, "und")
		if s.Forced {
			name += "-forced"
		}
		names[name]++
		if n := names[name]; n > 1 {
			name = fmt.Sprintf("%s-%d", name, n)
		}
		out = append(out, transcode.SubtitleOut{Name: name, Stream: s.Index, Lang: s.Lang, Title: s.Title, Forced: s.Forced})
	}
	return out
}

// planTextFile makes WebVTT of a subtitle file that came on its own.
func planTextFile(info media.Info) []transcode.SubtitleOut {
	if info.Main("subtitle") != nil {
		return []transcode.SubtitleOut{{Name: "t-und", Stream: -1}}
	}
	return nil
}

func planImages(r ImageRecipe) []transcode.ImageOut {
	if len(r.Sizes) == 0 {
		r = ImageRecipe{Format: "jpeg", Quality: 85, Sizes: []ImageSize{{Name: "large", Max: 2048}, {Name: "small", Max: 320}}}
	}
	var out []transcode.ImageOut
	for _, s := range r.Sizes {
		out = append(out, transcode.ImageOut{Name: "i-" + s.Name, Format: r.Format, MaxW: s.Max, MaxH: s.Max, Quality: r.Quality})
		if r.WebP && r.Format != "webp" {
			out = append(out, transcode.ImageOut{Name: "i-" + s.Name + "-webp", Format: "webp", MaxW: s.Max, MaxH: s.Max, Quality: r.Quality})
		}
	}
	return out
}

// langOr makes a language tag fit for a rendition's name.
func langOr(lang, otherwise string) string {
	lang = strings.ToLower(lang)
	ok := lang != "" && len(lang) <= 12 && strings.IndexFunc(lang, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-')
	}) < 0
	if !ok {
		return otherwise
	}
	return lang
}
