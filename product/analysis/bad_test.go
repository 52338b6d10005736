package analysis_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"strings"
	"testing"

	"showreel/engine/blob"
	"showreel/engine/vision"
	"showreel/media"
	"showreel/platform/sqldb"
	"showreel/product/analysis"
	"showreel/product/library"
	"showreel/trust/access"
)

// strobe is white and black in turns of two frames.
func strobe(n int) image.Image { return flat(96, 54, uint8(255*(n/2%2))) }

// walls see forty lines in every picture.
type walls struct{ eyes }

func (w *walls) Text(_ context.Context, p [][]byte) ([][]vision.Line, error) {
	out := make([][]vision.Line, len(p))
	for n := range out {
		for k := range 40 {
			out[n] = append(out[n], vision.Line{Text: fmt.Sprintf("line %c%c of the terms and conditions", 'A'+k/26, 'a'+k%26), Score: 0.9, Box: media.Box{X: 0.1, Y: 0.02 + 0.024*float64(k), W: 0.8, H: 0.02}})
		}
	}
	return out, nil
}

// mirrors read what a reader of mirrored writing gets: little, and of that nothing sure.
type mirrors struct{ eyes }

func (w *mirrors) Text(_ context.Context, p [][]byte) ([][]vision.Line, error) {
	out := make([][]vision.Line, len(p))
	for n := range out {
		out[n] = []vision.Line{{Text: "2WƎИ", Score: 0.41, Box: media.Box{X: 0.1, Y: 0.8, W: 0.5, H: 0.1}}}
	}
	return out, nil
}

func TestBadFilms(t *testing.T) {
	for name, c := range map[string]struct {
		frames int
		every  func(int) image.Image
		eyes   vision.Driver
		shots  int
		text   int
	}{
		"one frame":       {1, func(int) image.Image { return bars(1, 96, 54, 1) }, nil, 1, 1},
		"all black":       {75, func(int) image.Image { return flat(96, 54, 0) }, nil, 1, 1},
		"strobe":          {150, strobe, nil, 1, 1},
		"vertical":        {50, func(int) image.Image { return bars(1, 54, 96, 1) }, nil, 1, 1},
		"one pixel":       {50, func(int) image.Image { return flat(1, 1, 90) }, nil, 1, 1},
		"a wall of text":  {75, func(int) image.Image { return bars(1, 96, 54, 1) }, &walls{}, 1, 40},
		"mirrored text":   {75, func(int) image.Image { return bars(1, 96, 54, 1) }, &mirrors{}, 1, 0},
		"an animated GIF": {30, func(n int) image.Image { return bars(1+n/15, 64, 64, 1) }, nil, 2, 1},
	} {
		s, ref := drawnFilm(t, c.frames, c.every, c.eyes)
		s.analysed(t, ref, analysis.Shots, analysis.Keyframes, analysis.Picture, analysis.Text, analysis.Objects, analysis.Faces, analysis.Labels, analysis.Scenes, analysis.Moderation)
		lines := s.timeline(t, ref)
		if n := len(onTrack(lines, media.TrackShot)); n != c.shots {
			t.Errorf("%s: %d shots, want %d", name, n, c.shots)
		}
		if n := len(onTrack(lines, media.TrackText)); n != c.text {
			t.Errorf("%s: %d captions, want %d", name, n, c.text)
		}
		if name == "all black" {
			if got := strings.Join(onTrack(lines, media.TrackPicture), " "); !strings.Contains(got, "dark") || strings.Contains(got, "blur") {
				t.Errorf("black is told as %q", got)
			}
			if got := strings.Join(onTrack(lines, media.TrackColour), " "); !strings.Contains(got, "|black|") {
				t.Errorf("the colours of black are %q", got)
			}
		}
		s.stop()
	}
}

func TestAStillOf8K(t *testing.T) {
	s := open(t, t.TempDir(), nil)
	ctx := system(t)
	sha := fmt.Sprintf("%064d", sqldb.NowMS())
	a, err := s.lib.Create(ctx, library.NewAsset{Kind: media.Image, Name: "large.jpg", Original: &library.VersionIn{SHA256: sha, Key: "main/src/00/" + sha, Bytes: 1, Info: media.Info{Kind: media.Image}}})
	must(t, err)
	img := image.NewGray(image.Rect(0, 0, 7680, 4320))
	for y := range 4320 {
		for x := range 7680 {
			img.SetGray(x, y, color.Gray{uint8(x/30 ^ y/17)})
		}
	}
	var b bytes.Buffer
	must(t, jpeg.Encode(&b, img, nil))
	_, err = s.blobs.Processed.Put(ctx, "main/poster.jpg", bytes.NewReader(b.Bytes()), blob.PutOptions{Size: int64(b.Len())})
	must(t, err)
	must(t, s.lib.PutRendition(ctx, a.Ref(), library.Rendition{Name: "poster", Role: "poster", Key: "main/poster.jpg", Bytes: int64(b.Len()), State: library.RenditionReady}))
	_, err = s.Analyze(as(t, access.RoleEditor), a.ID, 0, analysis.Ask{Only: []string{analysis.Picture, analysis.Labels, analysis.Text}})
	must(t, err)
	for _, st := range s.ended(t, a.Ref()).Abilities {
		if st.State == analysis.Failed {
			t.Errorf("%s: %s", st.Ability, st.Text)
		}
	}
	if len(onTrack(s.timeline(t, a.Ref()), media.TrackColour)) == 0 {
		t.Error("it has no colours")
	}
}

// TestQuietIsToldFromNoise: the sound of a film's second n has the value n, which is below -60 dB up to 33, and nobody speaks
// in every fourth second.
func TestQuietIsToldFromNoise(t *testing.T) {
	s := open(t, t.TempDir(), nil)
	ref := s.film(t, 60)
	s.analysed(t, ref, analysis.Sound)
	list, err := s.lib.Annotations(system(t), ref, media.TrackSound)
	must(t, err)
	got := map[string]int{}
	for _, a := range list {
		if a.Label == "silence" && a.Range.Start > 33*media.Second || a.Label == "other" && a.Range.Start < 33*media.Second {
			t.Errorf("%s from %.1f s", a.Label, a.Range.Start.Seconds())
		}
		got[a.Label]++
	}
	if got["silence"] != 8 || got["other"] != 7 || got["speech"] == 0 {
		t.Errorf("%v, want 8 silences and 7 noises", got)
	}
}
