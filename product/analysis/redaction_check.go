package analysis

import (
	"bytes"
	"context"
	"encoding/binary"
	"math"
	"slices"

	"showreel/engine/language"
	"showreel/engine/speech"
	"showreel/fault"
	"showreel/media"
	"showreel/product/analysis/redact"
)

const (
	checkFPS  = 6.0
	halfThere = 0.3                // of a box's area hidden: it lies where something was hidden
	listenFor = 120 * media.Second // of sound are transcribed at once
	mostLeft  = 500                // leftovers in a report
)

// checkStep lets the detectors loose on the finished rendition and writes the report.
func (s *Service) checkStep(ctx context.Context, t *target, in redactionStart, ask HideAsk, made Redacted) (RedactionReport, error) {
	report := emptyReport()
	m, err := t.marks(ctx, in.ID)
	if err != nil {
		return report, err
	}
	length, err := t.length(ctx)
	if err != nil {
		return report, err
	}
	marks := m.list()
	report.Rates, report.Pictures = redact.Rates(), m.Looks
	report.Width, report.Height, report.Bytes, report.SHA256, report.Tool = made.Width, made.Height, made.Bytes, made.SHA256, made.Tool
	for _, x := range marks {
		report.Marks = append(report.Marks, HiddenMark{Mark: x, StartMS: x.Range.Start.MS(), EndMS: x.Range.End.MS(), Box: around4(x.Spots)})
	}
	if err := s.checkPicture(ctx, t, ask, made.Key, marks, m.Step, &report); err != nil {
		return report, err
	}
	if err := s.checkSound(ctx, t, ask, made.Key, redact.Silences(marks, length), &report); err != nil {
		return report, err
	}
	report.Left = report.Left[:min(len(report.Left), mostLeft)]
	return report, nil
}

// around4 is the box around all spots.
func around4(spots []media.Spot) *media.Box {
	if len(spots) == 0 {
		return nil
	}
	x0, y0, x1, y1 := 1.0, 1.0, 0.0, 0.0
	for _, s := range spots {
		x0, y0, x1, y1 = min(x0, s.Box.X), min(y0, s.Box.Y), max(x1, s.Box.X+s.Box.W), max(y1, s.Box.Y+s.Box.H)
	}
	return &media.Box{X: x0, Y: y0, W: x1 - x0, H: y1 - y0}
}

// checkPicture looks at the rendition where something was hidden.
func (s *Service) checkPicture(ctx context.Context, t *target, ask HideAsk, key string, marks []redact.Mark, step media.Time, report *RedactionReport) error {
	var near []media.Range
	for _, m := range marks {
		if m.In == redact.InPicture {
			near = append(near, media.Range{Start: max(0, m.Range.Start), End: m.Range.End})
		}
	}
	near = media.MergeRanges(near, media.Second)
	if len(near) == 0 {
		return nil
	}
	h := &hunt{target: t, ask: ask, of: key}
	covers := redact.Covers(marks, step)
	var found []redact.Look
	if ask.looksForFaces() || slices.ContainsFunc(marks, func(m redact.Mark) bool { return m.Kind == "face" }) {
		looks, err := h.see(ctx, checkFPS, near, h.faces)
		if err != nil {
			return err
		}
		found = append(found, looks...)
	}
	if ask.wants(HidePeople) {
		looks, err := h.see(ctx, checkFPS/2, near, h.bodies)
		if err != nil {
			return err
		}
		found = append(found, looks...)
	}
	if ask.wants(HidePII) || ask.wants(HideText) || ask.wants(HideWords) {
		if _, err := s.seeing("text")(ctx); err == nil {
			looks, err := h.see(ctx, checkFPS/2, near, h.writing)
			if err != nil {
				return err
			}
			found = append(found, looks...)
		}
	}
	report.Checked = h.looks
	for _, l := range found {
		for _, x := range l.Hits {
			box := x.Box
			report.Left = append(report.Left, Leftover{In: redact.InPicture, Kind: x.Kind, StartMS: l.At.MS(), Box: &box, Text: x.Text, Score: x.Score,
				Hidden: redact.Covered(covers, l.At, x.Box) >= halfThere})
		}
	}
	return nil
}

// checkSound measures what is left in the silences and reads a new transcript of the rendition.
func (s *Service) checkSound(ctx context.Context, t *target, ask HideAsk, key string, silences []media.Range, report *RedactionReport) error {
	if len(silences) == 0 {
		return nil
	}
	wav, err := s.deps.Renderer.Listen(ctx, t.ref, key)
	if err != nil || len(wav) == 0 {
		return err
	}
	pcm, err := samples(wav)
	if err != nil {
		return err
	}
	for _, r := range silences {
		report.Silences = append(report.Silences, HiddenSpan{StartMS: r.Start.MS(), EndMS: r.End.MS(), LeftDB: leftIn(pcm, r)})
	}
	if _, err := s.speechReady(ctx); err != nil {
		return nil // the level says enough; the report tells what was measured
	}
	for at := media.Time(0); at < media.FromTicks(int64(len(pcm)), speech.SampleRate); at += listenFor {
		part := pcm[at.Ticks(speech.SampleRate):min(int64(len(pcm)), (at+listenFor).Ticks(speech.SampleRate))]
		tr, err := s.deps.Speech.Transcribe(ctx, part, speech.Options{})
		if fault.CodeOf(err) == "helper-died" { // sound with holes in it can end the recogniser: the level was measured, and the report says so
			report.Deaf = true
			continue
		}
		if err != nil {
			return err
		}
		left, err := s.stillSaid(ctx, ask, tr, at)
		if err != nil {
			return err
		}
		for _, x := range left {
			r := x.Range
			hidden := false
			for _, q := range silences {
				hidden = hidden || r.Intersect(q).Len()*2 > r.Len()
			}
			report.Left = append(report.Left, Leftover{In: redact.InSound, Kind: x.Kind, StartMS: r.Start.MS(), Text: x.Text, Score: x.Score, Hidden: hidden})
		}
	}
	return nil
}

// stillSaid reads a transcript for what was to be hidden.
func (s *Service) stillSaid(ctx context.Context, ask HideAsk, tr speech.Transcript, at media.Time) ([]redact.Mark, error) {
	var out []redact.Mark
	p := passage{lang: tr.Language}
	var words []media.Word
	for _, u := range tr.Utterances {
		for _, w := range u.Words {
			r := media.Range{Start: at + w.Start, End: at + max(w.End, w.Start+1)}
			p.add(w.Text, r, nil, " ")
			words = append(words, media.Word{Text: w.Text, Start: r.Start, End: r.End, Score: w.Score})
			if ask.wants(HideWords) && redact.Holds(w.Text, ask.Words) {
				out = append(out, redact.Mark{Kind: "word", Range: r, Text: veiled(w.Text), Score: w.Score})
			}
		}
	}
	if !ask.wants(HidePII) || p.text == "" {
		return out, nil
	}
	out = append(out, slices.DeleteFunc(numbersAndMails([]media.Annotation{{Words: words, Model: tr.Model}}), func(m redact.Mark) bool { return !ask.personal(m.Kind) })...)
	err := s.analysed(ctx, []passage{p}, func(p passage, a language.Analysis, _ string) {
		for _, x := range a.Personal {
			if r, _, ok := p.where(x.Start, x.End); ok && ask.personal(x.Kind) {
				out = append(out, redact.Mark{Kind: x.Kind, Range: r, Text: veiled(x.Text), Score: x.Score})
			}
		}
	})
	return out, err
}

// samples are those of a 16 kHz WAV.
func samples(wav []byte) ([]int16, error) {
	offset, frames, err := wavData(bytes.NewReader(wav), int64(len(wav)))
	if err != nil {
		return nil, err
	}
	out := make([]int16, frames)
	for n := range out {
		out[n] = int16(binary.LittleEndian.Uint16(wav[offset+2*int64(n):]))
	}
	return out, nil
}

// leftIn is the level in dBFS of what is in a range besides a tone of 1 kHz. What the encoder smears over the edges is
// left out.
func leftIn(pcm []int16, r media.Range) float64 {
	const edge = 20 * media.Millisecond
	first, last := max(0, (r.Start+edge).Ticks(speech.SampleRate)), min(int64(len(pcm)), (r.End-edge).Ticks(speech.SampleRate))
	const block = speech.SampleRate / 50 // 20 cycles of the tone
	worst := 0.0
	for at := first; at+block <= last; at += block {
		var a, b, sum float64
		for n := range int64(block) {
			v := float64(pcm[at+n]) / 32768
			sin, cos := math.Sincos(2 * math.Pi * 1000 * float64(n) / speech.SampleRate)
			a, b, sum = a+v*sin, b+v*cos, sum+v*v
		}
		worst = max(worst, (sum-2*(a*a+b*b)/block)/block)
	}
	return math.Round(10*10*math.Log10(max(worst, 1e-10))) / 10
}
