package ffmpegtranscode

import (
	"context"
	"fmt"
	"math"
	"os"

	"showreel/engine/transcode"
	"showreel/fault"
	"showreel/media"
	"showreel/platform/cmaf"
)

// Loudness bounds: below quietLUFS a track is silence and is left alone; maxGainDB keeps noise from being lifted to speech.
const (
	quietLUFS   = -60.0
	maxGainDB   = 30.0
	overshootDB = 0.5 // room below the ceiling for what lossy encoding adds to peaks
)

// audio measures a whole track, brings it to its target and encodes it.
func (w *work) audio(ctx context.Context) (transcode.Result, error) {
	var res transcode.Result
	if err := w.sweep(); err != nil {
		return res, err
	}
	o, ok := w.audioOut()
	if !ok {
		return res, fault.Say("transcode.run", w.task.ID, fault.Invalid, "bad-plan", "The plan has no sound called %s.", w.task.Name)
	}
	if err := w.ffmpeg(ctx, w.b.measure(o), nil); err != nil {
		return res, err
	}
	m, err := w.loudness(loudnessFile)
	if err != nil {
		return res, err
	}
	gain := m.correct(o)
	if err := w.ffmpeg(ctx, w.b.audio(o, gain), nil); err != nil {
		return res, err
	}
	if m.Method != "none" {
		if err := w.remeasure(ctx, o, m); err != nil {
			return res, err
		}
	}
	f, err := w.file(o.Name, w.path(o.Name+".mp4"), transcode.RoleAudio)
	if err != nil {
		return res, err
	}
	if f.Frames, err = samples(f.Path, f.Bytes); err != nil {
		return res, err
	}
	if f.Frames == 0 {
		return res, w.damage(fmt.Errorf("%s has no sample", o.Name))
	}
	res.Files, res.Loudness, res.Spans = []transcode.File{f}, &m.Loudness, m.silence
	if m.Silent {
		res.Warnings = append(res.Warnings, "silent: the track has no sound above "+fmt.Sprint(quietLUFS)+" LUFS and was not made louder")
	}
	return res, nil
}

// remeasure measures what was made; nothing is claimed of it that was not measured.
func (w *work) remeasure(ctx context.Context, o transcode.AudioOut, m *measuredSound) error {
	if err := w.ffmpeg(ctx, w.b.outcome(o), nil); err != nil {
		return err
	}
	made, err := w.loudness(outcomeFile)
	if err != nil {
		return err
	}
	m.IntegratedLUFS, m.RangeLU, m.TruePeakDBTP = made.SourceLUFS, made.RangeLU, made.SourcePeakDBTP
	return nil
}

func (w *work) audioOut() (transcode.AudioOut, bool) {
	for _, a := range w.plan.Audios {
		if a.Name == w.task.Name {
			return a, true
		}
	}
	return transcode.AudioOut{}, false
}

// samples scans a finished track and gives its length.
func samples(path string, size int64) (int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, fault.E("transcode.run", path, fault.Internal, err)
	}
	defer f.Close()
	t, err := cmaf.Scan(f, size)
	if err != nil {
		return 0, err
	}
	n := int64(0)
	for _, s := range t.Segments {
		n += s.Duration
	}
	return n, nil
}

// measuredSound is what the first pass found.
type measuredSound struct {
	transcode.Loudness
	silence []transcode.Span
}

// loudness reads one pass: ten lines of R128 a second, silence where it begins and ends.
func (w *work) loudness(name string) (*measuredSound, error) {
	m := &measuredSound{}
	peak, end := 0.0, 0.0
	open := -1.0
	err := w.reading(name, func(p printed) {
		end = max(end, p.time+0.1)
		m.SourceLUFS, m.RangeLU = float(p.tags["lavfi.r128.I"]), float(p.tags["lavfi.r128.LRA"])
		peak = max(peak, float(p.tags["lavfi.r128.true_peak"]))
		if p.n%10 == 9 {
			m.ShortTerm = append(m.ShortTerm, math.Round(max(-70, float(p.tags["lavfi.r128.S"]))*10)/10)
		}
		if v, ok := p.tags["lavfi.silence_start"]; ok {
			open = max(0, float(v))
		}
		if v, ok := p.tags["lavfi.silence_end"]; ok && open >= 0 {
			m.silence = append(m.silence, silent(open, float(v)))
			open = -1
		}
	})
	if open >= 0 {
		m.silence = append(m.silence, silent(open, end))
	}
	m.SourcePeakDBTP = -99
	if peak > 0 {
		m.SourcePeakDBTP = max(-99, 20*math.Log10(peak))
	}
	if m.SourceLUFS == 0 && peak == 0 {
		m.SourceLUFS = -70
	}
	return m, err
}

func silent(from, to float64) transcode.Span {
	return transcode.Span{Kind: transcode.SpanSilence, Start: media.FromSeconds(from), End: media.FromSeconds(to), Value: silenceDB}
}

// correct decides the gain and returns its filter. A plain gain is used where the peak allows it, because it changes
// nothing but the level; else loudnorm with the measured values, which limits as well (EBU R128, ITU-R BS.1770-4).
func (m *measuredSound) correct(o transcode.AudioOut) string {
	m.IntegratedLUFS, m.TruePeakDBTP, m.Method = m.SourceLUFS, m.SourcePeakDBTP, "none"
	if m.SourceLUFS <= quietLUFS {
		m.Silent = true
		return ""
	}
	if o.TargetLUFS == 0 {
		return ""
	}
	ceiling := o.TruePeakDB
	if ceiling == 0 {
		ceiling = -1
	}
	gain := min(o.TargetLUFS-m.SourceLUFS, maxGainDB)
	m.GainDB = math.Round(gain*100) / 100
	if math.Abs(gain) < 0.1 && m.SourcePeakDBTP <= ceiling {
		m.GainDB = 0
		return ""
	}
	if m.SourcePeakDBTP+gain <= ceiling-overshootDB {
		m.Method = "linear"
		return fmt.Sprintf("volume=%sdB", seconds(m.GainDB))
	}
	m.Method = "dynamic"
	return fmt.Sprintf("loudnorm=I=%s:TP=%s:LRA=%s:measured_I=%s:measured_TP=%s:measured_LRA=%s:measured_thresh=%s:linear=true",
		fixed(clamp(o.TargetLUFS, -70, -5)), fixed(clamp(ceiling-overshootDB, -9, 0)), fixed(clamp(max(m.RangeLU, 7), 1, 50)), fixed(clamp(m.SourceLUFS, -99, 0)),
		fixed(clamp(m.SourcePeakDBTP, -99, 99)), fixed(clamp(m.RangeLU, 0, 99)), fixed(clamp(m.SourceLUFS-10, -99, 0)))
}

func clamp(v, lo, hi float64) float64 { return min(hi, max(lo, v)) }

func fixed(f float64) string { return fmt.Sprintf("%.2f", f) }
