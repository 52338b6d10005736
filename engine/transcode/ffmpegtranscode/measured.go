package ffmpegtranscode

import (
	"bufio"
	"io"
	"math"
	"os"
	"strconv"
	"strings"

	"showreel/engine/transcode"
	"showreel/fault"
	"showreel/media"
)

// printed is one frame of a metadata=print file.
type printed struct {
	n    int64 // counted from 0 in the filter
	time float64
	tags map[string]string
}

// eachPrinted reads a file of metadata=print frame by frame. A line that does not parse is skipped; a broken last frame
// is still given.
func eachPrinted(r io.Reader, fn func(printed)) error {
	sc := bufio.NewScanner(r)
	sc.Buffer(make([]byte, 64<<10), 1<<20)
	var p printed
	have := false
	for sc.Scan() {
		line := sc.Text()
		if strings.HasPrefix(line, "frame:") {
			if have {
				fn(p)
			}
			p, have = printed{tags: map[string]string{}}, true
			for _, f := range strings.Fields(line) {
				switch k, v, _ := strings.Cut(f, ":"); k {
				case "frame":
					p.n = number(v)
				case "pts_time":
					p.time = float(v)
				}
			}
			continue
		}
		if k, v, ok := strings.Cut(line, "="); ok && have {
			p.tags[k] = v
		}
	}
	if have {
		fn(p)
	}
	return sc.Err()
}

func float(s string) float64 {
	f, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return 0
	}
	return f
}

// reading opens a measurement of this task.
func (w *work) reading(name string, fn func(printed)) error {
	f, err := os.Open(w.path(name))
	if err != nil {
		return fault.E("transcode.run", w.task.ID, fault.Internal, err)
	}
	defer f.Close()
	if err := eachPrinted(f, fn); err != nil {
		return fault.E("transcode.run", w.task.ID, fault.Internal, err)
	}
	return nil
}

// measured turns what the filters printed into scores and spans.
func (w *work) measured(res *transcode.Result) error {
	lead := int64(w.b.lead(w.task))
	if w.plan.Analysis.Shots {
		err := w.reading(scoresFile, func(p printed) {
			if n := p.n - lead; n >= 0 && n < w.task.Frames {
				res.Scores = append(res.Scores, transcode.Score{Frame: w.task.First + n, Value: float(p.tags["lavfi.scd.score"]), Luma: float(p.tags["lavfi.signalstats.YAVG"])})
			}
		})
		if err != nil {
			return err
		}
	}
	if !w.plan.Analysis.QC {
		return nil
	}
	c := checks{w: w, lead: lead}
	if err := w.reading(checksFile, c.frame); err != nil {
		return err
	}
	for file, look := range map[string]func(printed){interlaceFile: c.fields, strictFile: c.strictly} {
		if err := w.reading(file, look); err != nil {
			return err
		}
	}
	res.Spans = c.spans()
	return nil
}

// checks follows black, freeze, crop and fields through a chunk.
type checks struct {
	w             *work
	lead          int64
	black, freeze tracker
	box           [4]float64 // x1, y1, x2, y2 of 320x180, the largest content so far
	boxed         bool
	loose, strict map[int64]string // idet's word on each frame, at two thresholds
}

// tracker collects half-open frame ranges, counted from the chunk's first frame (negative before it).
type tracker struct {
	open   bool
	start  int64
	ranges [][2]int64
}

func (t *tracker) begin(n int64) {
	if !t.open {
		t.open, t.start = true, n
	}
}

func (t *tracker) end(n int64) {
	if t.open {
		t.ranges, t.open = append(t.ranges, [2]int64{t.start, n}), false
	}
}

func (c *checks) at(seconds string) int64 {
	return int64(math.Round(float(seconds)*c.w.plan.Rate.FPS())) - c.lead
}

func (c *checks) frame(p printed) {
	if v, ok := p.tags["lavfi.black_start"]; ok {
		c.black.begin(c.at(v))
	}
	if v, ok := p.tags["lavfi.black_end"]; ok {
		c.black.end(c.at(v))
	}
	if v, ok := p.tags["lavfi.freezedetect.freeze_start"]; ok {
		c.freeze.begin(c.at(v))
	}
	if v, ok := p.tags["lavfi.freezedetect.freeze_end"]; ok {
		c.freeze.end(c.at(v))
	}
	if _, ok := p.tags["lavfi.cropdetect.x1"]; ok {
		x1, y1 := float(p.tags["lavfi.cropdetect.x1"]), float(p.tags["lavfi.cropdetect.y1"])
		x2, y2 := float(p.tags["lavfi.cropdetect.x2"]), float(p.tags["lavfi.cropdetect.y2"])
		if x2 > x1 && y2 > y1 {
			c.box, c.boxed = [4]float64{x1, y1, x2 + 1, y2 + 1}, true
		}
	}
}

const fieldsKey = "lavfi.idet.single.current_frame"

func (c *checks) fields(p printed) { c.field(&c.loose, p) }

func (c *checks) strictly(p printed) { c.field(&c.strict, p) }

func (c *checks) field(to *map[int64]string, p printed) {
	if p.n < c.lead {
		return
	}
	if *to == nil {
		*to = map[int64]string{}
	}
	(*to)[p.n] = p.tags[fieldsKey]
}

func (c *checks) spans() []transcode.Span {
	out := append(c.closed(transcode.SpanBlack, &c.black, 2), c.closed(transcode.SpanFreeze, &c.freeze, max(2, c.w.plan.Rate.Frames(media.Second/2)))...)
	whole := transcode.Span{Start: c.w.plan.Rate.At(c.w.task.First), End: c.w.plan.Rate.At(c.w.task.First + c.w.task.Frames), OpenStart: c.w.task.First > 0, OpenEnd: !c.lastChunk()}
	if c.boxed {
		b := media.Box{X: c.box[0] / 320, Y: c.box[1] / 180, W: (c.box[2] - c.box[0]) / 320, H: (c.box[3] - c.box[1]) / 180}
		if border := 1 - b.W*b.H; border > 0.02 {
			s := whole
			s.Kind, s.Value, s.Box = transcode.SpanCrop, border, &b
			out = append(out, s)
		}
	}
	if share := c.combed(); share > 0 {
		s := whole
		s.Kind, s.Value = transcode.SpanInterlace, share
		out = append(out, s)
	}
	return out
}

// Two witnesses make a picture interlaced: comb lines, and one field order all through, stated by the stream or agreed on
// by its frames. Hard lines of graphics comb too, so a frame that the strict look calls progressive is none, and weak
// comb lines count only where they are in most frames; telecine has strong ones in two of five. Measured over 2 s (strong,
// weak, clean frames): testsrc2 progressive 0, 20, 30; interlaced 51, 1, 0; half of Big Buck Bunny interlaced 25, 0, 26.
const (
	parityShare = 0.8
	parityLeast = 6 // frames, fewer tell nothing
	strongShare = 0.1
	weakShare   = 0.5
)

// combed is the share of frames with comb lines, 0 without both witnesses.
func (c *checks) combed() float64 {
	var strong, weak, clean float64
	order := map[string]float64{}
	for n, word := range c.loose {
		switch strict := c.strict[n]; {
		case strict == "progressive":
			clean++
		case strict == "tff" || strict == "bff":
			strong++
			order[strict]++
		case word == "tff" || word == "bff":
			weak++
			order[word]++
		}
	}
	combed := strong + weak
	if combed == 0 || !c.statedFields() && (combed < parityLeast || max(order["tff"], order["bff"]) < parityShare*combed) {
		return 0
	}
	if share := combed / (combed + clean); share > weakShare || strong/(strong+clean) > strongShare {
		return share
	}
	return 0
}

func (c *checks) statedFields() bool {
	switch c.w.plan.Info.Main("video").FieldOrder {
	case "tt", "bb", "tb", "bt":
		return true
	}
	return false
}

func (c *checks) lastChunk() bool { return c.w.task.First+c.w.task.Frames >= c.w.plan.Frames }

// closed gives the ranges as spans; one that touches neither edge must be at least so many frames long.
func (c *checks) closed(kind string, t *tracker, shortest int64) []transcode.Span {
	open := t.open
	t.end(c.w.task.Frames)
	var out []transcode.Span
	for i, r := range t.ranges {
		s := transcode.Span{Kind: kind, OpenStart: r[0] < 0 && c.w.task.First > 0, OpenEnd: open && i == len(t.ranges)-1 && !c.lastChunk()}
		from, to := max(0, r[0]), min(c.w.task.Frames, r[1])
		if to <= from || to-from < shortest && !s.OpenStart && !s.OpenEnd {
			continue
		}
		s.Start, s.End = c.w.plan.Rate.At(c.w.task.First+from), c.w.plan.Rate.At(c.w.task.First+to)
		out = append(out, s)
	}
	return out
}
