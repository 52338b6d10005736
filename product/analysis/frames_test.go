package analysis_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"showreel/engine/blob"
	"showreel/engine/transcode"
	"showreel/engine/vision"
	"showreel/media"
	"showreel/platform/sqldb"
	"showreel/product/analysis"
	"showreel/product/library"
	"showreel/trust/access"
)

// drawn is a film of any pictures, one a second, whose frames at 25 a second the room can ask for.
type drawn struct {
	s     *stack
	every func(frame int) image.Image // at 25 a second
	count int
}

const drawnRate = 25

// small is a picture's luma at the size of small frames.
func small(img image.Image) []float64 {
	b := img.Bounds()
	var out []float64
	for y := range transcode.SmallHeight {
		for x := range transcode.SmallWidth {
			out = append(out, float64(color.GrayModel.Convert(img.At(b.Min.X+x*b.Dx()/transcode.SmallWidth, b.Min.Y+y*b.Dy()/transcode.SmallHeight)).(color.Gray).Y))
		}
	}
	return out
}

// Trace implements analysis.Frames.
func (d *drawn) Trace(context.Context, media.Ref) (media.Rate, []transcode.Score, error) {
	var out []transcode.Score
	var last []float64
	step := 0.0
	for n := range d.count {
		now := small(d.every(n))
		mean, diff := 0.0, 0.0
		for k, v := range now {
			mean += v / float64(len(now))
			if last != nil {
				diff += max(v-last[k], last[k]-v) / 2.55 / float64(len(now))
			}
		}
		out = append(out, transcode.Score{Frame: int64(n), Value: min(diff, max(diff-step, step-diff)), Luma: 16 + mean*219/255})
		last, step = now, diff
	}
	return media.Rate{Num: drawnRate, Den: 1}, out, nil
}

// Small implements analysis.Frames.
func (d *drawn) Small(ctx context.Context, ref media.Ref, ranges []media.Range) error {
	for _, r := range ranges {
		first, n := transcode.SmallFrames(r)
		var raw []byte
		for k := first; k < first+n && int(2*k) < d.count; k++ {
			img := d.every(int(2 * k))
			b := img.Bounds()
			for y := range transcode.SmallHeight {
				for x := range transcode.SmallWidth {
					r, g, bl, _ := img.At(b.Min.X+x*b.Dx()/transcode.SmallWidth, b.Min.Y+y*b.Dy()/transcode.SmallHeight).RGBA()
					raw = append(raw, byte(r>>8), byte(g>>8), byte(bl>>8))
				}
			}
		}
		key := fmt.Sprintf("%s/x/%s/%d/small/%d.rgb", ref.Tenant, ref.Asset, ref.Version, first)
		if _, err := d.s.blobs.Processed.Put(ctx, key, bytes.NewReader(raw), blob.PutOptions{Size: int64(len(raw))}); err != nil {
			return err
		}
	}
	return nil
}

// drawnFilm opens the room with the film and gives its version; v looks at it, nil the usual eyes.
func drawnFilm(t *testing.T, frames int, every func(int) image.Image, v vision.Driver) (*stack, media.Ref) {
	t.Helper()
	d := &drawn{every: every, count: frames}
	s := open(t, t.TempDir(), func(x *analysis.Deps) {
		x.Frames = d
		if v != nil {
			x.Vision = vision.New(v)
		}
	})
	d.s = s
	return s, s.drawn(t, d)
}

func (s *stack) drawn(t *testing.T, d *drawn) media.Ref {
	t.Helper()
	ctx := system(t)
	sha := fmt.Sprintf("%064d", sqldb.NowMS())
	length := media.Rate{Num: drawnRate, Den: 1}.At(int64(d.count))
	a, err := s.lib.Create(ctx, library.NewAsset{Kind: media.Video, Name: "drawn.mp4", Original: &library.VersionIn{SHA256: sha, Key: "main/src/00/" + sha, Bytes: 1,
		Info: media.Info{Kind: media.Video, Duration: length}}})
	must(t, err)
	for n := 0; n*drawnRate < d.count; n++ {
		var b bytes.Buffer
		must(t, jpeg.Encode(&b, d.every(n*drawnRate), nil))
		_, err := s.blobs.Processed.Put(ctx, fmt.Sprintf("main/x/%s/1/frame/%d.jpg", a.ID, n), &b, blob.PutOptions{Size: int64(b.Len())})
		must(t, err)
	}
	must(t, s.lib.PutAnnotations(ctx, a.Ref(), media.TrackShot, "job", []media.Annotation{{Range: media.Range{End: length}, Label: "shot", Model: "ffmpeg"}}))
	return a.Ref()
}

// bars are stripes of a scene's own width and light.
func bars(scene, w, h int, light float64) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			v := uint8(light * float64(40+(x*(3+scene)/7+y*scene/5)%(60+30*scene)))
			img.SetRGBA(x, y, color.RGBA{v, uint8(light * float64((y*3+40*scene)%200)), v / 2, 255})
		}
	}
	return img
}

// blots are soft lights of all sizes, as in photographs.
func blots(scene uint64, light float64) image.Image {
	r := rand.New(rand.NewPCG(scene, 5))
	img := image.NewGray(image.Rect(0, 0, 96, 54))
	sum := make([]float64, 96*54)
	for range 60 {
		x0, y0, size, v := 96*r.Float64(), 54*r.Float64(), 1+12*r.Float64()*r.Float64(), 160*r.Float64()-80
		for n := range sum {
			dx, dy := float64(n%96)-x0, float64(n/96)-y0
			sum[n] += v * math.Exp(-(dx*dx+dy*dy)/(2*size*size))
		}
	}
	for n, v := range sum {
		img.Pix[n] = uint8(light * min(255, max(0, 110+v)))
	}
	return img
}

func flat(w, h int, v uint8) image.Image {
	img := image.NewGray(image.Rect(0, 0, w, h))
	for n := range img.Pix {
		img.Pix[n] = v
	}
	return img
}

func (s *stack) analysed(t *testing.T, ref media.Ref, only ...string) analysis.Overview {
	t.Helper()
	_, err := s.Analyze(as(t, access.RoleEditor), ref.Asset, 0, analysis.Ask{Only: only, Mode: analysis.All})
	must(t, err)
	o := s.ended(t, ref)
	for _, st := range o.Abilities {
		if st.State == analysis.Failed {
			t.Errorf("%s failed: %s", st.Ability, st.Text)
		}
	}
	return o
}

func TestShotsAreFoundAndAPersonsStay(t *testing.T) {
	faded := func(n int) image.Image { // a cut at 2 s, a fade through black around 4.4 s
		switch {
		case n < 50:
			return bars(1, 96, 54, 1)
		case n < 110:
			return bars(2, 96, 54, min(1, float64(110-n)/14))
		}
		return bars(4, 96, 54, min(1, float64(n-109)/14))
	}
	s, ref := drawnFilm(t, 175, faded, nil)
	s.analysed(t, ref, analysis.Shots)
	list, err := s.lib.Annotations(system(t), ref, media.TrackShot)
	must(t, err)
	var got []string
	for _, a := range list {
		got = append(got, fmt.Sprintf("%s %d-%d", a.Label, a.Range.Start.MS()/100, a.Range.End.MS()/100))
	}
	if diff := cmp.Diff([]string{"start 0-20", "cut 20-44", "fade 44-70"}, got); diff != "" {
		t.Fatal(diff)
	}
	if !strings.HasPrefix(list[1].Model, "showreel shots") || list[1].Score <= 0.5 {
		t.Errorf("the cut is signed by %q with %.2f", list[1].Model, list[1].Score)
	}
	wide := media.Range{Start: 2100 * media.Millisecond, End: 4400 * media.Millisecond}
	_, err = s.lib.EditAnnotation(as(t, access.RoleEditor), ref.Asset, list[1].ID, library.NoteIn{Range: &wide})
	must(t, err)
	s.analysed(t, ref, analysis.Shots)
	list, err = s.lib.Annotations(system(t), ref, media.TrackShot)
	must(t, err)
	kept := false
	for _, a := range list {
		kept = kept || a.LockedBy != "" && a.Range == wide
	}
	if !kept {
		t.Errorf("the correction is gone: %v", s.timeline(t, ref))
	}
}

func TestDuplicatesAreFoundAndBlackIsNone(t *testing.T) {
	scene := func(k uint64) func(int) image.Image {
		return func(n int) image.Image {
			if n < 50 {
				return flat(96, 54, 0)
			}
			return blots(k, 1)
		}
	}
	s, first := drawnFilm(t, 150, scene(1), nil)
	copied := s.drawn(t, &drawn{s: s, count: 150, every: func(n int) image.Image { return blots(1, 0.9) }})
	other := s.drawn(t, &drawn{s: s, count: 150, every: scene(5)})
	for _, ref := range []media.Ref{first, copied, other} {
		_, err := s.Analyze(as(t, access.RoleEditor), ref.Asset, 0, analysis.Ask{Only: []string{analysis.Keyframes}, Mode: analysis.All})
		must(t, err)
		s.ended(t, ref)
	}
	list, err := s.Duplicates(as(t, access.RoleViewer), first.Asset, 0)
	must(t, err)
	if len(list) != 1 || list[0].Asset != copied.Asset || list[0].Shared != list[0].Of {
		t.Errorf("the copy %s is not what is found: %+v", copied.Asset, list)
	}
}

var _ analysis.Frames = (*drawn)(nil)
