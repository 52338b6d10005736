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

	maxLimitDB    = 9.0   // that a limiter may take off the peaks; Big Buck Bunny needs 7 for -16 LUFS
	limitLossDB   = 0.4   // what limiting and encoding take of the loudness, measured on 5.1 and stereo
	limitRoomDB   = 1.0   // room below the ceiling behind a limiter, where many peaks are equally high
	lowestLimitDB = -23.0 // of alimiter
	maxLimitTries = 4
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
	if err := w.level(ctx, o, m); err != nil {
		return res, err
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

// level encodes a track at its target. What was made is measured and made again with what it missed, because limiting takes
// loudness and lossy encoding adds peaks; what a limiter cannot bring there is loudnorm's work.
func (w *work) level(ctx context.Context, o transcode.AudioOut, m *measuredSound) error {
	c := m.correct(o)
	if !w.b.limiting() && c.limited {
		c = m.dynamic(c)
	}
	for range maxLimitTries {
		if err := w.ffmpeg(ctx, w.b.audio(o, c.filter()), nil); err != nil || m.Method == "none" {
			return err
		}
		if err := w.remeasure(ctx, o, m); err != nil || c.other != "" || c.met(m) {
			return err
		}
		if !w.b.limiting() {
			break
		}
		c.adjust(m)
	}
	c = m.dynamic(c)
	if err := w.ffmpeg(ctx, w.b.audio(o, c.filter()), nil); err != nil {
		return err
	}
	return w.remeasure(ctx, o, m)
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
	sourceRangeLU float64
	silence       []transcode.Span
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
	m.sourceRangeLU, m.SourcePeakDBTP = m.RangeLU, -99
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

// correction is how a track is brought to its target: a plain gain, a gain with a limiter behind it, or another filter.
type correction struct {
	gainDB     float64
	limited    bool
	limitDB    float64 // of the limiter, in dBTP
	other      string
	targetLUFS float64 // what the first gain leads to
	ceilingDB  float64 // the highest true peak of the rendition, in dBTP
}

// correct decides the gain and how it is given. A plain gain is used where the peak allows it, because it changes nothing
// but the level. A limiter takes up to maxLimitDB off the peaks that are left, which is hardly heard; more than that is
// loudnorm's work (EBU R128, ITU-R BS.1770-4).
func (m *measuredSound) correct(o transcode.AudioOut) correction {
	m.IntegratedLUFS, m.TruePeakDBTP, m.Method = m.SourceLUFS, m.SourcePeakDBTP, "none"
	if m.SourceLUFS <= quietLUFS {
		m.Silent = true
		return correction{}
	}
	if o.TargetLUFS == 0 {
		return correction{}
	}
	gain := min(o.TargetLUFS-m.SourceLUFS, maxGainDB)
	if math.Abs(gain) < 0.1 && m.SourcePeakDBTP <= ceiling(o) {
		return correction{}
	}
	c := correction{gainDB: hundredths(gain), ceilingDB: ceiling(o), limitDB: ceiling(o) - limitRoomDB, targetLUFS: m.SourceLUFS + gain}
	m.GainDB, m.Method = c.gainDB, "linear"
	switch over := m.SourcePeakDBTP + gain - c.ceilingDB; {
	case over <= -overshootDB:
	case over <= maxLimitDB:
		c.limited, c.gainDB = true, hundredths(gain+limitLossDB)
		m.GainDB, m.Method = c.gainDB, "dynamic"
	default:
		c = m.dynamic(c)
	}
	return c
}

// filter renders the correction, "" for none.
func (c correction) filter() string {
	switch {
	case c.other != "":
		return c.other
	case c.limited:
		return limiter(c.gainDB, c.limitDB)
	case c.gainDB != 0:
		return fmt.Sprintf("volume=%sdB", seconds(c.gainDB))
	}
	return ""
}

// met reports whether what was made is within 0.4 LU of its target, with its peak under the ceiling.
func (c correction) met(m *measuredSound) bool {
	return math.Abs(m.IntegratedLUFS-c.targetLUFS) <= 0.4 && m.TruePeakDBTP <= c.ceilingDB
}

// adjust adds the loudness that was missed and takes off the peaks that were too high, and half as much again, because
// what is louder gets higher peaks by encoding.
func (c *correction) adjust(m *measuredSound) {
	c.gainDB = hundredths(c.gainDB + c.targetLUFS - m.IntegratedLUFS)
	if over := m.TruePeakDBTP - c.ceilingDB; over > 0 {
		c.limitDB = max(lowestLimitDB, c.limitDB-1.5*over)
	}
	c.limited, m.GainDB, m.Method = true, c.gainDB, "dynamic"
}

func hundredths(v float64) float64 { return math.Round(v*100) / 100 }

// dynamic is loudnorm with the measured values in place of a correction.
func (m *measuredSound) dynamic(c correction) correction {
	m.GainDB, m.Method = hundredths(c.targetLUFS-m.SourceLUFS), "dynamic"
	c.other = fmt.Sprintf("loudnorm=I=%s:TP=%s:LRA=%s:measured_I=%s:measured_TP=%s:measured_LRA=%s:measured_thresh=%s:linear=true",
		fixed(clamp(c.targetLUFS, -70, -5)), fixed(clamp(c.ceilingDB-overshootDB, -9, 0)), fixed(clamp(max(m.sourceRangeLU, 7), 1, 50)), fixed(clamp(m.SourceLUFS, -99, 0)),
		fixed(clamp(m.SourcePeakDBTP, -99, 99)), fixed(clamp(m.sourceRangeLU, 0, 99)), fixed(clamp(m.SourceLUFS-10, -99, 0)))
	return c
}

// ceiling is the highest true peak of a rendition in dBTP.
func ceiling(o transcode.AudioOut) float64 {
	if o.TruePeakDB == 0 {
		return -1
	}
	return o.TruePeakDB
}

func clamp(v, lo, hi float64) float64 { return min(hi, max(lo, v)) }

func fixed(f float64) string { return fmt.Sprintf("%.2f", f) }
