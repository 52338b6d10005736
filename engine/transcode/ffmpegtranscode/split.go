package ffmpegtranscode

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"showreel/engine/transcode"
	"showreel/fault"
)

// Costs in CPU-nanoseconds a pixel, from Big Buck Bunny 1080p24 on two x86-64 cores.
const (
	decodeNS    = 3.7
	ultrafastNS = 6.7
	superfastNS = 10.5
	veryfastNS  = 16.0
	slowNS      = 45.0
)

// Split implements transcode.Driver.
func (d *Driver) Split(p transcode.Plan, sourceSHA string) ([]transcode.Task, error) {
	s := splitter{b: builder{flavour: d.flavour, plan: p, source: sourceName, limits: d.limits}, sha: sourceSHA}
	if err := d.able(p); err != nil {
		return nil, err
	}
	var out []transcode.Task
	if p.Decode {
		out = append(out, s.task("check", transcode.KindCheck, "", s.b.check(), 1, 256, 0))
	}
	if p.Proxy != nil {
		out = append(out, s.proxy())
	}
	if p.Poster && p.Info.Main("video") != nil {
		out = append(out, s.task("poster", transcode.KindPoster, "", s.b.poster(), 1, 256, s.decodeMS(60)))
	}
	if p.Sampling != nil && p.Info.Main("video") != nil {
		out = append(out, s.complexity())
	}
	for _, i := range p.Images {
		out = append(out, s.image(i))
	}
	if p.Info.Main("video") != nil {
		out = append(out, s.boundaries()...)
	}
	chunks, err := s.chunks()
	if err != nil {
		return nil, err
	}
	out = append(out, chunks...)
	return append(append(out, s.sound()...), s.redaction()...), nil
}

// able refuses what the installed ffmpeg or the source's format cannot do.
func (d *Driver) able(p transcode.Plan) error {
	if p.Info.Kind != "text" {
		if _, err := demuxerOf(p.Info); err != nil {
			return err
		}
	}
	need := func(encoder, name string) error {
		if d.caps.Encoders[encoder] {
			return nil
		}
		return fault.Say("transcode.split", name, fault.Unsupported, "no-encoder", "The installed ffmpeg has no %s encoder, which %s needs. Install a full build or change the template.", encoder, name)
	}
	for _, r := range p.Rungs {
		if err := need(map[string]string{"avc": "libx264", "hevc": "libx265", "av1": "libsvtav1"}[r.Codec], r.Name); err != nil {
			return err
		}
	}
	for _, a := range p.Audios {
		if err := need(map[string]string{"opus": "libopus"}[a.Codec], a.Name); a.Codec == "opus" && err != nil {
			return err
		}
		if a.Codec != "aac" && a.Codec != "opus" {
			return fault.Say("transcode.split", a.Name, fault.Unsupported, "no-encoder", "The audio codec %q is unknown; use aac or opus.", a.Codec)
		}
	}
	for _, i := range p.Images {
		if i.Format == "webp" {
			if err := need("libwebp", i.Name); err != nil {
				return err
			}
		}
	}
	if p.Picture.ToneMap && (!d.caps.Filters["zscale"] || !d.caps.Filters["tonemap"]) {
		return fault.Say("transcode.split", "tone map", fault.Unsupported, "no-filter", "The installed ffmpeg lacks zscale, which HDR sources need. Install a full build.")
	}
	return nil
}

type splitter struct {
	b   builder
	sha string
}

// key hashes everything that decides an outcome.
func (s splitter) key(kind string, args ...string) string {
	b, _ := json.Marshal([]any{"showreel-task-1", s.b.version, s.sha, kind, args}) // strings always encode
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func (s splitter) task(id, kind, name string, args []string, cores float64, memMB, cpuMS int64) transcode.Task {
	return transcode.Task{ID: id, Kind: kind, Name: name, Cores: cores, MemMB: memMB, EstCPUms: cpuMS, Key: s.key(kind, args...)}
}

// decodeMS estimates decoding so many seconds of the source's picture.
func (s splitter) decodeMS(sec float64) int64 {
	v := s.b.plan.Info.Main("video")
	return int64(float64(v.Width*v.Height) * decodeNS * min(sec, v.Duration.Seconds()) * max(1, v.Rate.FPS()) / 1e6)
}

func encodeMS(r transcode.Rung, frames int64) int64 {
	ns := map[string]float64{"ultrafast": ultrafastNS, "superfast": superfastNS, "veryfast": veryfastNS, "": veryfastNS}[r.Preset]
	if ns == 0 || r.Codec == "hevc" {
		ns = slowNS
	}
	return int64(float64(r.Width*r.Height) * ns * float64(frames) / 1e6)
}

func (s splitter) proxy() transcode.Task {
	p := s.b.plan
	v := p.Info.Main("video")
	t := s.task("proxy", transcode.KindProxy, p.Proxy.Name, s.b.proxy(), 2, 256+memMB(v.Width, v.Height, 24), s.decodeMS(1e9)+encodeMS(*p.Proxy, p.Frames))
	t.Frames = p.Frames
	return t
}

// memMB is the memory of n frames of 4:2:0.
func memMB(w, h, n int) int64 { return int64(w)*int64(h)*3/2*int64(n)>>20 + 1 }

func (s splitter) chunks() ([]transcode.Task, error) {
	p := s.b.plan
	if len(p.Rungs) == 0 {
		return nil, nil
	}
	v := p.Info.Main("video")
	count := chunkCount(p)
	if count > 100_000 {
		return nil, fault.Say("transcode.split", "video", fault.Invalid, "bad-plan", "The plan has %d chunks; make them longer.", count)
	}
	threads := chunkThreads(count)
	mem := 192 + memMB(v.Width, v.Height, 24)
	for _, r := range p.Rungs {
		mem += memMB(r.Width, r.Height, 50)
	}
	out := make([]transcode.Task, 0, count)
	for k := range count {
		t := transcode.Task{ID: fmt.Sprintf("chunk-%04d", k), Kind: transcode.KindChunk, Chunk: k, First: int64(k) * int64(p.ChunkFrames), Cores: 1, MemMB: mem}
		t.Frames = min(int64(p.ChunkFrames), p.Frames-t.First)
		for _, r := range p.Rungs {
			t.EstCPUms += encodeMS(r, t.Frames)
			one := s
			one.b.plan.Rungs, one.b.plan.Analysis = []transcode.Rung{r}, transcode.Analysis{}
			t.Outputs = append(t.Outputs, transcode.Output{Name: r.Name, Key: s.key("rung", one.b.chunk(t, threads)...)})
		}
		t.EstCPUms += s.decodeMS(float64(t.Frames) / p.Rate.FPS())
		t.Key = s.key(transcode.KindChunk, append(s.b.chunk(t, threads), "ssim="+strings.Join(s.b.ssimArgs(t), " "))...)
		out = append(out, t)
	}
	return out, nil
}

// chunkCount is the number of chunks of a plan with rungs.
func chunkCount(p transcode.Plan) int {
	return int((p.Frames + int64(p.ChunkFrames) - 1) / int64(p.ChunkFrames))
}

// chunkThreads lets a chunk of a film of few use two cores where they are free, and one of many one: fewer threads cost
// less in all. A chunk leases one core in any case, for its threads together fill 1.8 of two: two chunks side by side
// leave none idle, where one after the other took 55 s of wall for 50 s of work.
func chunkThreads(chunks int) int {
	if chunks <= 3 {
		return 2
	}
	return 1
}

func (s splitter) sound() []transcode.Task {
	p := s.b.plan
	ms := func(perSecond float64) int64 { return int64(p.Info.Duration.Seconds() * perSecond) }
	var out []transcode.Task
	for _, a := range p.Audios {
		args := append(s.b.measure(a), s.b.audio(a, fmt.Sprintf("lufs=%g:%g:%g:%g:%g", a.TargetLUFS, a.TruePeakDB, overshootDB, quietLUFS, maxGainDB))...)
		out = append(out, s.task("audio-"+a.Name, transcode.KindAudio, a.Name, append(append(args, s.b.outcome(a)...), a.Lang, a.Title), 1, 192, ms(60)))
	}
	if stream := s.b.speechStream(); (p.Speech || p.WaveformPPS > 0) && stream >= 0 {
		out = append(out, s.task("speech", transcode.KindSpeech, "", append(s.b.speech(stream), fmt.Sprint(p.Speech, p.WaveformPPS)), 1, 128, ms(6)))
	}
	for _, t := range p.Subtitles {
		out = append(out, s.task("subtitle-"+t.Name, transcode.KindSubtitle, t.Name, append(s.b.subtitle(t.Stream), "webvtt-1"), 1, 96, ms(2)))
	}
	return out
}

// speechStream is the track that speech models read: the one that the plan's default audio comes from, else the first.
func (b builder) speechStream() int {
	if i := slices.IndexFunc(b.plan.Audios, func(a transcode.AudioOut) bool { return a.Default }); i >= 0 {
		return b.plan.Audios[i].Stream
	}
	if len(b.plan.Audios) > 0 {
		return b.plan.Audios[0].Stream
	}
	for _, s := range b.plan.Info.All("audio") {
		if s.Default {
			return s.Index
		}
	}
	if a := b.plan.Info.Main("audio"); a != nil {
		return a.Index
	}
	return -1
}

func (s splitter) image(i transcode.ImageOut) transcode.Task {
	v := s.b.plan.Info.Main("video")
	mem, px := int64(128), int64(1)
	if v != nil {
		px = int64(v.Width) * int64(v.Height)
		mem += px * 10 >> 20
	}
	return s.task("image-"+i.Name, transcode.KindImage, i.Name, append(s.b.image(i), "icc-1"), 1, mem, px*30/1_000_000+50)
}
