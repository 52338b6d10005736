package main

import (
	"context"
	_ "embed"
	"fmt"
	"image"
	"image/draw"
	"os"
	"path/filepath"
	"strings"

	xdraw "golang.org/x/image/draw"

	"showreel/engine/vision"
	"showreel/product/analysis"
	"showreel/product/analysis/cluster"
)

// facesTruth names the person of each labelled photograph: path below the cache's peers/faces, and who it is. It was
// written before any threshold was chosen.
//
//go:embed faces_truth.txt
var facesTruth string

// labelledFace is one face with its truth.
type labelledFace struct {
	who, photo string
	picture    int // faces of one picture cannot be one
	vector     []float32
}

// benchPeople groups labelled faces: packaged photographs, and the same seen as footage shows them: smaller, softer,
// darker, mirrored.
func benchPeople(ctx context.Context, b *bench, e *eyes, _ string) error {
	faces, people, skipped, err := labelledFaces(ctx, b, e)
	if err != nil || len(faces) == 0 {
		return err
	}
	items := make([]cluster.Item, len(faces))
	for n, f := range faces {
		items[n].Vector = f.vector
	}
	for _, threshold := range []float64{0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8} {
		p, r, n := pairs(faces, cluster.Group(items, cluster.Links{}, threshold))
		b.say("  at %.2f: precision %.3f, recall %.3f, %d groups", threshold, p, r, n)
	}
	precision, recall, groups := pairs(faces, cluster.Group(items, cluster.Links{}, analysis.SameLooks))
	note := fmt.Sprintf("pairs of %d faces of %d people (%d not found): packaged photographs, and each as footage shows it (60 px, dark, soft, mirrored); threshold %.2f, %d groups", len(faces), people, skipped, analysis.SameLooks, groups)
	b.atLeast("faces: cluster precision", precision, "", 0.98, "committed labels", note)
	b.atLeast("faces: cluster recall", recall, "", 0.7, "committed labels", "the same")
	return nil
}

// labelledFaces finds the labelled faces and their vectors.
func labelledFaces(ctx context.Context, b *bench, e *eyes) (out []labelledFace, people, skipped int, err error) {
	who := map[string]bool{}
	for n, line := range strings.Split(strings.TrimSpace(facesTruth), "\n") {
		path, name, ok := strings.Cut(line, "\t")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		img, err := decodeFile(filepath.Join(cacheDir(), "peers", "faces", path))
		if err != nil {
			b.say("SKIPPED: labelled faces: %v. They are in the source package face_recognition 1.3.0 (pip download --no-deps --no-binary :all:), unpacked to peers/faces of the cache.", err)
			return nil, 0, 0, nil
		}
		who[name] = true
		for k, seen := range asFootage(img) {
			jpg, err := jpegOf(seen, 80)
			if err != nil {
				return nil, 0, 0, err
			}
			found, err := e.Faces(ctx, [][]byte{jpg}, vision.FaceOptions{Vectors: true})
			if err != nil {
				return nil, 0, 0, err
			}
			best := -1
			for m, f := range found[0] {
				if best < 0 || f.Box.W*f.Box.H > found[0][best].Box.W*found[0][best].Box.H {
					best = m
				}
			}
			if best < 0 || found[0][best].Vector == nil {
				skipped++
				continue
			}
			out = append(out, labelledFace{who: name, photo: path, picture: 10*n + k, vector: found[0][best].Vector})
		}
	}
	return out, len(who), skipped, nil
}

func decodeFile(path string) (image.Image, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	img, _, err := image.Decode(f)
	return img, err
}

// asFootage is a photograph as it is, and as a film would show it in a 640 by 360 frame: small, darker and softer, and
// mirrored.
func asFootage(img image.Image) []image.Image {
	const w, h = 640, 360
	frame := func(scale float64, dark uint8, flip bool) image.Image {
		out := image.NewRGBA(image.Rect(0, 0, w, h))
		draw.Draw(out, out.Bounds(), image.Black, image.Point{}, draw.Src)
		b := img.Bounds()
		f := min(w*scale/float64(b.Dx()), h*scale/float64(b.Dy()))
		tw, th := int(float64(b.Dx())*f), int(float64(b.Dy())*f)
		xdraw.BiLinear.Scale(out, image.Rect((w-tw)/2, (h-th)/2, (w+tw)/2, (h+th)/2), img, b, draw.Src, nil)
		for y := range h {
			for x := range w {
				i := out.PixOffset(x, y)
				for c := range 3 {
					out.Pix[i+c] = uint8(int(out.Pix[i+c]) * (255 - int(dark)) / 255)
				}
			}
			if flip {
				for x := range w / 2 {
					a, z := out.RGBAAt(x, y), out.RGBAAt(w-1-x, y)
					out.SetRGBA(x, y, z)
					out.SetRGBA(w-1-x, y, a)
				}
			}
		}
		return out
	}
	return []image.Image{img, frame(1, 0, false), frame(0.6, 110, false), frame(0.8, 40, true)}
}

// pairs compares a grouping with the labels pair by pair.
func pairs(faces []labelledFace, groups cluster.Groups) (precision, recall float64, count int) {
	same, joined, right := 0, 0, 0
	for a := range faces {
		for b := a + 1; b < len(faces); b++ {
			is, said := faces[a].who == faces[b].who, groups[a] == groups[b]
			if is {
				same++
			}
			if said {
				joined++
			}
			if is && said {
				right++
			}
		}
	}
	return float64(right) / float64(max(1, joined)), float64(right) / float64(max(1, same)), groups.Count()
}
