package main

import (
	"context"
	"image"
	"image/color"
	"io"
	"math"
	"path/filepath"
	"strings"

	"golang.org/x/image/draw"
)

// The frames of a transition. A dissolve and a fade lie in the middle between two shots.
const (
	dissolveFrames = 20
	fadeFrames     = 26 // down to black and up again
)

// planned is a shot with its frames, and the frames of the transition by which it begins.
type planned struct {
	picture
	start, end int // frames, half open, without the transitions' halves
	enter      string
	before     int // frames of the transition before start
	after      int // frames of the next one's transition after end
	boards     []image.Rectangle
	boardLines [][]string
	boardKind  string
	shot       shot
}

// plan divides the stories' frames among their pictures.
func plan(s script, said []spoken) []planned {
	var all []planned
	for n, st := range s.Stories {
		sum, done := 0.0, 0.0
		for _, p := range st.Pictures {
			sum += p.Share
		}
		for _, p := range st.Pictures {
			from := said[n].first + int(math.Round(done/sum*float64(said[n].frames)))
			done += p.Share
			to := said[n].first + int(math.Round(done/sum*float64(said[n].frames)))
			enter := p.Enter
			if len(all) == 0 {
				enter = "start"
			} else if enter == "" {
				enter = "cut"
			}
			all = append(all, planned{picture: p, start: from, end: to, enter: enter})
		}
	}
	for n := range all {
		half := map[string]int{"dissolve": dissolveFrames / 2, "fade": fadeFrames / 2}[all[n].enter]
		all[n].before = half
		if n > 0 {
			all[n-1].after = half
		}
	}
	return all
}

// first and last are the frames in which anything of the shot is seen, half open.
func (p planned) first() int { return p.start - p.before }
func (p planned) last() int  { return p.end + p.after }

// open prepares the shot's picture; a sign is planted into it.
func (p *planned) open(ctx context.Context, o options, l letters, title string) error {
	if ext := filepath.Ext(p.File); ext == ".avi" || ext == ".mp4" {
		p.shot = openFootage(ctx, o.samples, p.picture, p.last()-p.first())
		return nil
	}
	s, err := openStill(o.samples, p.picture)
	if err != nil {
		return err
	}
	p.shot, p.boards, p.boardLines = s, nil, nil
	if p.File == "studio" {
		p.boards, p.boardLines, p.boardKind = append(p.boards, l.heading(s.scene, title)), append(p.boardLines, []string{title}), "title"
	}
	if p.Sign != nil {
		p.boards, p.boardLines, p.boardKind = append(p.boards, l.plant(s.scene, *p.Sign)), append(p.boardLines, p.Sign.Text), "sign"
	}
	return nil
}

func (p *planned) close() {
	if f, ok := p.shot.(footage); ok {
		f.close()
	}
	p.shot = nil
}

// film paints frame after frame into out as RGBA and notes what is true of it.
type film struct {
	o       options
	letters letters
	title   string
	shots   []planned
	bands   []band
	truth   *truth
}

// band is a lower third in time.
type band struct {
	img        *image.RGBA
	start, end int
}

func (f *film) paint(ctx context.Context, out io.Writer, total int) error {
	frame, other := image.NewRGBA(image.Rect(0, 0, wide, high)), image.NewRGBA(image.Rect(0, 0, wide, high))
	now := 0
	for n := range total {
		for now < len(f.shots)-1 && n >= f.shots[now].last() {
			f.shots[now].close()
			now++
		}
		if err := f.show(ctx, frame, now, n); err != nil {
			return err
		}
		if now+1 < len(f.shots) && n >= f.shots[now+1].first() {
			next := &f.shots[now+1]
			if err := f.show(ctx, other, now+1, n); err != nil {
				return err
			}
			t := (float64(n-next.first()) + 1) / float64(2*next.before+1)
			if next.enter == "fade" {
				fade(frame, other, t)
			} else {
				blend(frame, other, t)
			}
		}
		for _, b := range f.bands {
			lay(frame, b, n)
		}
		if _, err := out.Write(frame.Pix); err != nil {
			return err
		}
	}
	f.shots[now].close()
	return nil
}

func (f *film) show(ctx context.Context, dst *image.RGBA, which, n int) error {
	p := &f.shots[which]
	if p.shot == nil {
		if err := p.open(ctx, f.o, f.letters, f.title); err != nil {
			return err
		}
		f.note(p)
	}
	return p.shot.paint(dst, n-p.first(), p.last()-p.first())
}

// note writes the shot's boundary and its signs into the truth.
func (f *film) note(p *planned) {
	if p.enter != "start" {
		b := boundary{Kind: p.enter, Frame: p.first(), End: p.start + p.before}
		f.truth.Boundaries = append(f.truth.Boundaries, b)
	}
	total := p.last() - p.first()
	for k, board := range p.boards {
		f.truth.Captions = append(f.truth.Captions, caption{Kind: p.boardKind, Lines: p.boardLines[k], Start: p.first(), End: p.last(),
			Box: seen(board, p.shot.window(0, total)), Last: seen(board, p.shot.window(total-1, total))})
	}
}

// seen is a place in the scene as part of the picture that shows a window of it.
func seen(r, w image.Rectangle) [4]float64 {
	part := func(v, size int) float64 { return math.Round(10_000*float64(v)/float64(size)) / 10_000 }
	return [4]float64{part(r.Min.X-w.Min.X, w.Dx()), part(r.Min.Y-w.Min.Y, w.Dy()), part(r.Dx(), w.Dx()), part(r.Dy(), w.Dy())}
}

// bandsOf makes the lower thirds and their truth.
func (f *film) bandsOf(s script, said []spoken) {
	for n, st := range s.Stories {
		if st.Lower == nil {
			continue
		}
		start := said[n].first + int(st.Lower.From*fps)
		b := band{f.letters.lowerThird(st.Lower.Lines), start, min(start+int(st.Lower.For*fps), said[n].first+said[n].frames)}
		f.bands = append(f.bands, b)
		box := seen(b.img.Bounds().Add(image.Pt(lowerX, lowerY)), image.Rect(0, 0, wide, high))
		f.truth.Captions = append(f.truth.Captions, caption{"lower-third", st.Lower.Lines, b.start, b.end, box, box})
	}
}

// lay puts a lower third over a frame; it comes and goes in lowerFade frames.
func lay(dst *image.RGBA, b band, n int) {
	if n < b.start || n >= b.end {
		return
	}
	alpha := min(1, float64(n-b.start+1)/lowerFade, float64(b.end-n)/lowerFade)
	mask := image.NewUniform(color.Alpha{uint8(math.Round(235 * alpha))})
	draw.DrawMask(dst, b.img.Bounds().Add(image.Pt(lowerX, lowerY)), b.img, image.Point{}, mask, image.Point{}, draw.Over)
}

// blend mixes b into a: t of b.
func blend(a, b *image.RGBA, t float64) {
	k := uint32(math.Round(t * 256))
	for i, v := range b.Pix {
		a.Pix[i] = uint8((uint32(a.Pix[i])*(256-k) + uint32(v)*k) >> 8)
	}
}

// fade goes from a to black and from black to b.
func fade(a, b *image.RGBA, t float64) {
	from, k := a, 1-2*t
	if t > 0.5 {
		from, k = b, 2*t-1
	}
	m := uint32(math.Round(k * 256))
	for i := range a.Pix {
		a.Pix[i] = uint8(uint32(from.Pix[i]) * m >> 8)
	}
}

// turns and words of the truth.
func (f *film) speech(s script, said []spoken) {
	for n, st := range s.Stories {
		at := float64(said[n].first)*1000/fps + lead*1000
		ms := func(seconds float64) float64 { return math.Round((at+1000*seconds)*10) / 10 }
		words := said[n].Words
		f.truth.Turns = append(f.truth.Turns, turn{s.Voices[st.Speaker].Name, s.Voices[st.Speaker].Voice,
			ms(words[0].Start.Seconds()), ms(words[len(words)-1].End.Seconds()), strings.TrimSpace(st.Text)})
		for _, w := range words {
			f.truth.Words = append(f.truth.Words, word{w.Text, ms(w.Start.Seconds()), ms(w.End.Seconds()), s.Voices[st.Speaker].Name})
		}
	}
}
