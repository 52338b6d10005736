// Package visiontest is the conformance suite of vision engines: every driver passes it, native or over a wire. The
// pictures come from the sample library or are drawn here, so the truth is known. It is for tests only.
package visiontest

import (
	"bytes"
	"context"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	_ "image/jpeg" // Photo reads both
	_ "image/png"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"showreel/engine/vision"
	"showreel/fault"
	"showreel/media"
)

// Run holds a driver to the contract of vision.Driver. All its models are installed. open is called once.
func Run(t *testing.T, open func(t *testing.T) vision.Driver) {
	s := vision.New(open(t))
	for _, c := range []struct {
		name string
		test func(t *testing.T, s *vision.Service)
	}{
		{"Caps", caps},
		{"Labels", labels},
		{"Features", features},
		{"Objects", objects},
		{"Text", text},
		{"TurnedText", turnedText},
		{"Faces", faces},
		{"FaceVectors", faceVectors},
		{"SmallFaces", smallFaces},
		{"Moderate", moderate},
		{"Boundaries", boundaries},
		{"Formats", formats},
		{"NoPictures", noPictures},
		{"OddSizes", oddSizes},
		{"TooLarge", tooLarge},
		{"Batches", batches},
		{"Cancelled", cancelled},
		{"Concurrent", concurrent},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, s) })
	}
}

// looks is every ability that takes pictures, as one function.
func looks(s *vision.Service) map[string]func(context.Context, [][]byte) (int, error) {
	return map[string]func(context.Context, [][]byte) (int, error){
		"labels":   func(ctx context.Context, p [][]byte) (int, error) { r, err := s.Labels(ctx, p); return len(r), err },
		"objects":  func(ctx context.Context, p [][]byte) (int, error) { r, err := s.Objects(ctx, p); return len(r), err },
		"text":     func(ctx context.Context, p [][]byte) (int, error) { r, err := s.Text(ctx, p); return len(r), err },
		"moderate": func(ctx context.Context, p [][]byte) (int, error) { r, err := s.Moderate(ctx, p); return len(r), err },
		"faces": func(ctx context.Context, p [][]byte) (int, error) {
			r, err := s.Faces(ctx, p, vision.FaceOptions{Vectors: true, Small: true})
			return len(r), err
		},
	}
}

func caps(t *testing.T, s *vision.Service) {
	c, err := s.Caps(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, ability := range []string{"labels", "objects", "text", "faces", "vectors", "moderate", "boundaries"} {
		if name, version, _ := strings.Cut(c.Models[ability], " "); name == "" || version == "" {
			t.Errorf("%s: model %q (missing: %q), want an id and a version", ability, c.Models[ability], c.Missing[ability])
		}
	}
	if len(c.Moderation) == 0 || len(c.Languages) == 0 || c.Features == 0 {
		t.Errorf("caps lack classes, languages or the length of features: %+v", c)
	}
}

func labels(t *testing.T, s *vision.Service) {
	for name, want := range map[string][]string{
		"cat.png":    {"n02124075", "n02123045", "n02123159"}, // Egyptian, tabby, tiger cat
		"coffee.png": {"n07920052", "n07930864"},              // espresso, cup
		"fruits.jpg": {"n07749582", "n07747607"},              // lemon, orange
		"rocket.jpg": {"n03773504", "n04008634"},              // missile, projectile
	} {
		got, err := s.Labels(t.Context(), [][]byte{Sample(t, name)})
		if err != nil {
			t.Fatal(err)
		}
		found, last := false, 2.0
		for n, l := range got[0].Labels {
			for _, w := range want {
				found = found || (n < 3 && l.Name == w)
			}
			if l.Score <= 0.01 || l.Score > 1 || l.Score > last || l.Text == "" || l.Note == "" || strings.Contains(l.Text, ",") {
				t.Errorf("%s: label %d is %+v after a score of %g", name, n, l, last)
			}
			last = l.Score
		}
		if !found || len(got[0].Labels) > 20 {
			t.Errorf("%s: none of %v among the first three of %v", name, want, got[0].Labels)
		}
	}
}

func features(t *testing.T, s *vision.Service) {
	cat := Photo(t, "cat.png", 400, 300)
	got, err := s.Labels(t.Context(), [][]byte{PNG(t, cat), JPEG(t, cat.SubImage(image.Rect(20, 20, 400, 300)), 60), Sample(t, "coffee.png")})
	if err != nil {
		t.Fatal(err)
	}
	c, err := s.Caps(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for n, scene := range got {
		if length := dot(scene.Features, scene.Features); len(scene.Features) != c.Features || math.Abs(length-1) > 1e-4 {
			t.Errorf("picture %d: %d features of length %g, want %d of length 1", n, len(scene.Features), length, c.Features)
		}
	}
	if same, other := dot(got[0].Features, got[1].Features), dot(got[0].Features, got[2].Features); same < 0.8 || other > same-0.2 {
		t.Errorf("a part of the picture is at %.2f, another picture at %.2f", same, other)
	}
}

func dot(a, b []float32) float64 {
	sum := 0.0
	for n := range min(len(a), len(b)) {
		sum += float64(a[n]) * float64(b[n])
	}
	return sum
}

func objects(t *testing.T, s *vision.Service) {
	got, err := s.Objects(t.Context(), [][]byte{Sample(t, "coffee.png"), street(t), PNG(t, Flat(300, 200, color.White))})
	if err != nil {
		t.Fatal(err)
	}
	count := func(n int, name string) (c int) {
		for _, o := range got[n] {
			if !sound(o.Box) || o.Score <= 0 || o.Score > 1 || o.Name == "" {
				t.Errorf("picture %d: %+v", n, o)
			}
			if o.Name == name {
				c++
			}
		}
		return c
	}
	if count(0, "cup") != 1 || count(1, "person") < 3 || count(2, "person") != 0 || len(got[2]) != 0 {
		t.Errorf("found %v", got)
	}
	for _, o := range got[0] { // the cup fills the middle
		if want := (media.Box{X: .24, Y: .03, W: .48, H: .95}); o.Name == "cup" && overlap(o.Box, want) < 0.7 {
			t.Errorf("the cup is at %+v, want about %+v", o.Box, want)
		}
	}
}

func sound(b media.Box) bool {
	return b.X >= 0 && b.Y >= 0 && b.W > 0 && b.H > 0 && b.X+b.W < 1+1e-9 && b.Y+b.H < 1+1e-9
}

// overlap is the shared part of what two boxes cover.
func overlap(a, b media.Box) float64 {
	w := min(a.X+a.W, b.X+b.W) - max(a.X, b.X)
	h := min(a.Y+a.H, b.Y+b.H) - max(a.Y, b.Y)
	if w <= 0 || h <= 0 {
		return 0
	}
	return w * h / (a.W*a.H + b.W*b.H - w*h)
}

func moderate(t *testing.T, s *vision.Service) {
	c, err := s.Caps(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.Moderate(t.Context(), [][]byte{Sample(t, "astronaut.png"), Sample(t, "home.jpg")})
	if err != nil {
		t.Fatal(err)
	}
	for n, scores := range got {
		var names []string
		for _, l := range scores {
			names = append(names, l.Name)
			if l.Score < 0 || l.Score > 0.3 || l.Text == "" {
				t.Errorf("picture %d shows nothing of the kind and gets %+v", n, l)
			}
		}
		if diff := cmp.Diff(c.Moderation, names); diff != "" {
			t.Errorf("classes differ from those that caps names:\n%s", diff)
		}
	}
}

// boundaries cuts between slowly moved photos.
func boundaries(t *testing.T, s *vision.Service) {
	const size = vision.BoundaryWidth * vision.BoundaryHeight * 3
	var film []byte
	starts := map[int]bool{}
	for n, name := range []string{"cat.png", "rocket.jpg", "coffee.png", "home.jpg", "astronaut.png"} {
		if n > 0 {
			starts[len(film)/size] = true
		}
		img := Photo(t, name, 2*vision.BoundaryWidth, 2*vision.BoundaryHeight)
		for f := range 23 + 9*n {
			for y := range vision.BoundaryHeight {
				for x := range vision.BoundaryWidth {
					c := img.RGBAAt(x+f/2, y+f/4)
					film = append(film, c.R, c.G, c.B)
				}
			}
		}
	}
	got, err := s.Boundaries(t.Context(), film)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(film)/size {
		t.Fatalf("%d answers for %d frames", len(got), len(film)/size)
	}
	for n, p := range got {
		if starts[n] != (p > 0.5) {
			t.Errorf("frame %d: probability %.3f, a shot begins there: %v", n, p, starts[n])
		}
	}
	if one, err := s.Boundaries(t.Context(), film[:size]); err != nil || len(one) != 1 || one[0] > 0.5 {
		t.Errorf("one frame: %v %v", one, err)
	}
	if _, err := s.Boundaries(t.Context(), film[:size+1]); !fault.Is(err, fault.Invalid) {
		t.Errorf("half a frame: %v, want invalid", err)
	}
}

func formats(t *testing.T, s *vision.Service) {
	cat := Photo(t, "cat.png", 400, 300)
	grey, palette := image.NewGray(cat.Bounds()), image.NewPaletted(cat.Bounds(), webSafe())
	clear := image.NewNRGBA(cat.Bounds())
	for y := range 300 {
		for x := range 400 {
			grey.Set(x, y, cat.At(x, y))
			palette.Set(x, y, cat.At(x, y))
			clear.Set(x, y, cat.At(x, y))
		}
	}
	raw := PNG(t, cat)
	for name, p := range map[string][]byte{
		"png": raw, "grey png": PNG(t, grey), "palette": PNG(t, palette), "rgba": PNG(t, clear), "jpeg": JPEG(t, cat, 85), "grey jpeg": JPEG(t, grey, 85),
		"webp":             converted(t, raw, "-c:v", "libwebp", "-quality", "90", "-f", "webp"),
		"16 bit png":       converted(t, raw, "-pix_fmt", "rgb48be", "-c:v", "png", "-f", "image2pipe"),
		"progressive 444":  converted(t, raw, "-pix_fmt", "yuvj444p", "-c:v", "mjpeg", "-q:v", "2", "-f", "image2pipe"),
		"transparent webp": converted(t, PNG(t, clear), "-c:v", "libwebp", "-pix_fmt", "yuva420p", "-f", "webp"),
	} {
		got, err := s.Labels(t.Context(), [][]byte{p})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if l := got[0].Labels; len(l) == 0 || !strings.Contains("n02124075 n02123045 n02123159", l[0].Name) {
			t.Errorf("%s is no cat any more: %v", name, l)
		}
	}
}

func webSafe() color.Palette {
	var p color.Palette
	for n := range 216 {
		p = append(p, color.RGBA{uint8(n / 36 * 51), uint8(n / 6 % 6 * 51), uint8(n % 6 * 51), 255})
	}
	return p
}

func noPictures(t *testing.T, s *vision.Service) {
	good := PNG(t, Noise(64, 48, 1))
	jpg := JPEG(t, Noise(200, 150, 2), 90)
	for name, bad := range map[string][]byte{
		"empty": {}, "words": []byte("not a picture at all"), "cut png": good[:len(good)/2], "cut jpeg": jpg[:len(jpg)/2], "cut webp": []byte("RIFF\x10\x00\x00\x00WEBPVP8 "),
		"damaged png": append(append(bytes.Clone(good[:60]), 0xff, 0xff, 0xff), good[63:]...), "film": Sample(t, "street-footage.avi")[:5000],
	} {
		for ability, look := range looks(s) {
			_, err := look(t.Context(), [][]byte{good, bad})
			if !fault.Is(err, fault.Invalid) || fault.CodeOf(err) != "not-a-picture" || !strings.Contains(fault.TextOf(err), "2") {
				t.Errorf("%s of %s: %v, want invalid not-a-picture that names picture 2", ability, name, err)
			}
		}
	}
}

func oddSizes(t *testing.T, s *vision.Service) {
	odd := [][]byte{PNG(t, Noise(1, 1, 1)), PNG(t, Noise(2, 900, 2)), PNG(t, Noise(900, 2, 3)), PNG(t, Noise(7, 5, 4))}
	for ability, look := range looks(s) {
		if n, err := look(t.Context(), odd); err != nil || n != len(odd) {
			t.Errorf("%s: %d answers, %v", ability, n, err)
		}
	}
}

// tooLarge is a PNG that says it has 400 million pixels; it must be refused by what it says.
func tooLarge(t *testing.T, s *vision.Service) {
	raw := PNG(t, image.NewGray(image.Rect(0, 0, 1, 1)))
	binary.BigEndian.PutUint32(raw[16:], 20_000)
	binary.BigEndian.PutUint32(raw[20:], 20_000)
	binary.BigEndian.PutUint32(raw[29:], crc32.ChecksumIEEE(raw[12:29]))
	for ability, look := range looks(s) {
		begun := time.Now()
		if _, err := look(t.Context(), [][]byte{raw}); !fault.Is(err, fault.TooLarge) || time.Since(begun) > 5*time.Second {
			t.Errorf("%s: %v after %s, want too-large", ability, err, time.Since(begun))
		}
	}
}

func batches(t *testing.T, s *vision.Service) {
	white, cat := PNG(t, Flat(32, 32, color.White)), Sample(t, "cat.png")
	many := make([][]byte, vision.MaxBatch)
	for n := range many {
		if many[n] = white; n%16 == 5 {
			many[n] = cat
		}
	}
	got, err := s.Labels(t.Context(), many)
	if err != nil || len(got) != len(many) {
		t.Fatalf("%d answers: %v", len(got), err)
	}
	for n, scene := range got {
		if isCat := strings.Contains(scene.Labels[0].Text, "cat"); isCat != (n%16 == 5) {
			t.Errorf("answer %d is %v: not in the pictures' order", n, scene.Labels[0])
		}
	}
	if _, err := s.Labels(t.Context(), append(many, white)); !fault.Is(err, fault.TooLarge) {
		t.Errorf("one more: %v, want too-large", err)
	}
	if got, err := s.Labels(t.Context(), nil); err != nil || len(got) != 0 {
		t.Errorf("none: %v %v", got, err)
	}
}

func cancelled(t *testing.T, s *vision.Service) {
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	photo := Sample(t, "cat.png")
	for ability, look := range looks(s) {
		if _, err := look(gone, [][]byte{photo}); !fault.Is(err, fault.Canceled) {
			t.Errorf("%s: %v, want canceled", ability, err)
		}
	}
	many := make([][]byte, vision.MaxBatch)
	for n := range many {
		many[n] = photo
	}
	soon, stop := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer stop()
	begun := time.Now()
	if _, err := s.Text(soon, many); !fault.Is(err, fault.Canceled) || time.Since(begun) > 15*time.Second {
		t.Errorf("%v after %s, want canceled soon", err, time.Since(begun))
	}
}

func concurrent(t *testing.T, s *vision.Service) {
	photo := Sample(t, "coffee.png")
	var all sync.WaitGroup
	for range 4 {
		for ability, look := range looks(s) {
			all.Go(func() {
				if n, err := look(t.Context(), [][]byte{photo}); err != nil || n != 1 {
					t.Errorf("%s: %d answers, %v", ability, n, err)
				}
			})
		}
	}
	all.Wait()
}
