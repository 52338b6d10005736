package main

import (
	"cmp"
	"context"
	_ "embed"
	"fmt"
	"image"
	"image/draw"
	"os"
	"path/filepath"
	"slices"
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
	name    string // which photograph, and how it is seen
	who     string // of a group photograph: which of its faces, from the left
	group   string // the group photograph; who else of another one this may be is not known
	picture int    // faces of one picture cannot be one
	vector  []float32
}

// benchPeople groups labelled faces: packaged photographs, and the same seen as footage shows them: smaller, softer,
// darker, mirrored.
func benchPeople(ctx context.Context, b *bench, e *eyes, _ string) error {
	faces, dropped, err := labelledFaces(ctx, b, e)
	b.on = about{ability: "faces", test: "packaged photographs with labels committed before tuning, each also as footage shows it", model: "blazeface-back 3.3.6, faceres 3.3.6"}
	if err != nil {
		return err
	}
	if len(faces) == 0 {
		b.missing("faces: cluster precision", ">= 0.98", "the photographs that bench/faces_truth.txt names are not in the cache's peers/faces")
		return nil
	}
	b.searched("faces", fmt.Sprintf("Pairs of %d labelled faces", len(faces)))
	items, people := make([]cluster.Item, len(faces)), map[string]bool{}
	var links cluster.Links
	for n, f := range faces {
		items[n].Vector, people[f.who] = f.vector, true
		for m := range n {
			if faces[m].picture == f.picture {
				links.Cannot = append(links.Cannot, cluster.Pair{A: m, B: n})
			}
		}
	}
	for t := 0.45; t < 0.8; t += 0.05 {
		p, r, n := pairs(faces, cluster.Group(items, links, t))
		b.say("  at %.2f: precision %.3f, recall %.3f, %d groups", t, p, r, n)
	}
	grouped := cluster.Group(items, links, analysis.SameLooks)
	precision, recall, groups := pairs(faces, grouped)
	b.pairMistakes(faces, grouped)
	note := fmt.Sprintf("pairs of %d faces of %d people (%d too poor to compare): packaged photographs, and each as footage shows it (small, dark, soft, mirrored); threshold %.2f, %d groups", len(faces), len(people), dropped, analysis.SameLooks, groups)
	b.atLeast("faces: cluster precision", precision, "", 0.98, "committed labels", note)
	b.atLeast("faces: cluster recall", recall, "", 0.7, "committed labels", "the same")
	return nil
}

// labelledFaces finds the labelled faces and their vectors, as far as the product would compare them.
func labelledFaces(ctx context.Context, b *bench, e *eyes) (out []labelledFace, dropped int, err error) {
	for n, line := range strings.Split(strings.TrimSpace(facesTruth), "\n") {
		path, name, ok := strings.Cut(line, "\t")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		img, err := decodeFile(filepath.Join(cacheDir(), "peers", "faces", path))
		if err != nil {
			b.say("SKIPPED: labelled faces: %v. They are in the packages that bench/faces_truth.txt names, unpacked to peers/faces of the cache.", err)
			return nil, 0, nil
		}
		var places []float64 // of a group's faces, from the left
		for k, v := range asFootage(img) {
			jpg, err := jpegOf(v.img, 80)
			if err != nil {
				return nil, 0, err
			}
			found, err := e.Faces(ctx, [][]byte{jpg}, vision.FaceOptions{Vectors: true})
			if err != nil {
				return nil, 0, err
			}
			faces := found[0]
			slices.SortFunc(faces, func(a, b vision.Face) int { return cmp.Compare(v.across(a), v.across(b)) })
			if name != "group" { // one person: the largest face
				slices.SortFunc(faces, func(a, b vision.Face) int { return cmp.Compare(b.Box.W*b.Box.H, a.Box.W*a.Box.H) })
				faces = faces[:min(1, len(faces))]
			} else if k == 0 {
				for _, f := range faces {
					places = append(places, v.across(f))
				}
			}
			for _, f := range faces {
				x := labelledFace{name: path + ", " + seenWays[k], who: name, picture: 10*n + k, vector: f.Vector}
				if name == "group" {
					m := nearestPlace(places, v.across(f))
					if m < 0 {
						continue // seen in the smaller picture only: nobody knows who
					}
					x.who, x.group = fmt.Sprintf("%s %d", path, m), path
				}
				if !analysis.Comparable(f) {
					dropped++
					continue
				}
				out = append(out, x)
			}
		}
	}
	return out, dropped, nil
}

// nearestPlace is which of a group's faces lies there, or -1.
func nearestPlace(places []float64, at float64) int {
	best, far := -1, 0.04
	for n, p := range places {
		if d := max(p-at, at-p); d < far {
			best, far = n, d
		}
	}
	return best
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

// seenAs is a picture of a photograph, and where across the photograph a face of it lies.
type seenAs struct {
	img    image.Image
	across func(vision.Face) float64
}

func middle(f vision.Face) float64 { return f.Box.X + f.Box.W/2 }

// asFootage is a photograph as it is, and as a film would show it in a 1280 by 720 frame: whole, small and dark, and
// mirrored.
func asFootage(img image.Image) []seenAs {
	return []seenAs{{img, middle}, footage(img, 1, 0, false), footage(img, 0.5, 110, false), footage(img, 0.75, 40, true)}
}

func footage(img image.Image, scale float64, dark int, flip bool) seenAs {
	const w, h = 1280, 720
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(out, out.Bounds(), image.Black, image.Point{}, draw.Src)
	b := img.Bounds()
	f := min(w*scale/float64(b.Dx()), h*scale/float64(b.Dy()))
	tw, th := int(float64(b.Dx())*f), int(float64(b.Dy())*f)
	xdraw.BiLinear.Scale(out, image.Rect((w-tw)/2, (h-th)/2, (w+tw)/2, (h+th)/2), img, b, draw.Src, nil)
	for i := range out.Pix {
		if i%4 != 3 {
			out.Pix[i] = uint8(int(out.Pix[i]) * (255 - dark) / 255)
		}
	}
	for y := 0; flip && y < h; y++ {
		for x := range w / 2 {
			left, right := out.RGBAAt(x, y), out.RGBAAt(w-1-x, y)
			out.SetRGBA(x, y, right)
			out.SetRGBA(w-1-x, y, left)
		}
	}
	return seenAs{out, func(f vision.Face) float64 {
		x := middle(f)
		if flip {
			x = 1 - x
		}
		return (x*w - float64(w-tw)/2) / float64(tw)
	}}
}

// seenWays names the pictures of asFootage.
var seenWays = []string{"as it is", "in a frame", "small and dark", "mirrored"}

// pairMistakes keeps the pairs that were joined wrongly, the most alike first, and those that were not joined, the least
// alike first.
func (b *bench) pairMistakes(faces []labelledFace, groups cluster.Groups) {
	for n := range faces {
		for m := range n {
			x, y := faces[n], faces[m]
			if x.group != "" && y.group != "" && x.group != y.group || x.picture == y.picture {
				continue
			}
			like := 0.0
			for k := range x.vector {
				like += float64(x.vector[k]) * float64(y.vector[k])
			}
			switch is, said := x.who == y.who, groups[n] == groups[m]; {
			case said && !is:
				b.mistaken("faces", 1+like, "two people taken for one (%.2f): %s of %s, %s of %s", like, x.who, x.name, y.who, y.name)
			case is && !said:
				b.mistaken("faces", 1-like, "not joined (%.2f): %s, %s and %s", like, x.who, x.name, y.name)
			}
		}
	}
}

// pairs compares a grouping with the labels pair by pair. Two faces of different group photographs are not judged.
func pairs(faces []labelledFace, groups cluster.Groups) (precision, recall float64, count int) {
	same, joined, right := 0, 0, 0
	for a := range faces {
		for b := a + 1; b < len(faces); b++ {
			if faces[a].group != "" && faces[b].group != "" && faces[a].group != faces[b].group {
				continue
			}
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
