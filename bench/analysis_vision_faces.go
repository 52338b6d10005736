package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"math"
	"os"
	"path/filepath"
	"strings"

	xdraw "golang.org/x/image/draw"

	"showreel/engine/vision"
	"showreel/media"
)

// benchFaces measures what is found of the packaged faces (100 of Labeled Faces in the Wild at 25 pixels, in the package
// scikit-image), of a face pasted into frames at many sizes, and what is called a face and is none.
func benchFaces(ctx context.Context, b *bench, e *eyes, film string) error {
	if err := packagedFaces(ctx, b, e); err != nil {
		return err
	}
	return pastedFaces(ctx, b, e, film)
}

// packagedFaces looks at the hundred faces and the hundred patches without one, enlarged eight times.
func packagedFaces(ctx context.Context, b *bench, e *eyes) error {
	path := filepath.Join(cacheDir(), "peers", "photos", "lfw_subset.npy")
	raw, err := os.ReadFile(path)
	if err != nil {
		b.on = about{ability: "faces"}
		b.missing("faces: packaged photos found", ">= 95", fmt.Sprintf("%s is missing: it is skimage/data/lfw_subset.npy of the package scikit-image 0.26.0 (pip download --no-deps)", path))
		return nil
	}
	const side, count = 25, 200
	if len(raw) < 8*side*side*count {
		return fmt.Errorf("%s is short", path)
	}
	raw = raw[len(raw)-8*side*side*count:]
	b.on = about{ability: "faces", test: "100 faces and 100 patches without one of Labeled Faces in the Wild, 25 px enlarged to 200", model: "blazeface-back 3.3.6"}
	hits, alarms := 0, 0
	for n := range count {
		small := image.NewGray(image.Rect(0, 0, side, side))
		for i := range small.Pix {
			small.Pix[i] = uint8(255*math.Float64frombits(binary.LittleEndian.Uint64(raw[8*(n*side*side+i):])) + .5)
		}
		canvas := image.NewRGBA(image.Rect(0, 0, 400, 400))
		draw.Draw(canvas, canvas.Bounds(), image.NewUniform(color.Gray{110}), image.Point{}, draw.Src)
		xdraw.CatmullRom.Scale(canvas, image.Rect(100, 100, 300, 300), small, small.Bounds(), draw.Src, nil)
		jpg, err := jpegOf(canvas, 90)
		if err != nil {
			return err
		}
		found, err := e.Faces(ctx, [][]byte{jpg}, vision.FaceOptions{})
		if err != nil {
			return err
		}
		switch {
		case n < count/2 && len(found[0]) > 0:
			hits++
		case n >= count/2 && len(found[0]) > 0:
			alarms++
		}
	}
	b.atLeast("faces: packaged photos found", float64(hits), "of 100", 95, "labels of the set", "Labeled Faces in the Wild at 25 px, enlarged to 200")
	b.atMost("faces: false alarms", float64(alarms), "of 100", 5, "labels of the set", "patches of the same photos without a face")
	return nil
}

// pastedFaces puts one face into frames that have none, at sizes from 20 to 240 pixels.
func pastedFaces(ctx context.Context, b *bench, e *eyes, film string) error {
	samples := filepath.Join(cacheDir(), "samples")
	photo, err := frames(ctx, filepath.Join(samples, "astronaut.png"), 0, "null", 512, 512, 1)
	if err != nil {
		return err
	}
	head := photo[0].SubImage(image.Rect(100, 20, 340, 260)) // its face is 106 pixels wide, at 71, 52
	street, err := stills(ctx, film, 3, 16, 12)
	if err != nil {
		return err
	}
	sizes := []int{20, 28, 40, 56, 80, 120, 160, 240}
	found, tiled, false1, false2 := map[int]int{}, map[int]int{}, 0, 0
	for n, under := range street {
		for _, size := range sizes {
			img := image.NewRGBA(under.Bounds())
			draw.Draw(img, img.Bounds(), under, image.Point{}, draw.Src)
			whole := 240 * size / 106
			x, y := (n*211+size*7)%(1280-whole), (n*97+size*13)%(720-whole)
			xdraw.CatmullRom.Scale(img, image.Rect(x, y, x+whole, y+whole), head, head.Bounds(), draw.Src, nil)
			f := float64(size) / 106
			where := media.Box{X: (float64(x) + 71*f) / 1280, Y: (float64(y) + 52*f) / 720, W: float64(size) / 1280, H: float64(size) / 720}
			jpg, err := jpegOf(img, 85)
			if err != nil {
				return err
			}
			hit, more, err := faceAt(ctx, e, jpg, where, false)
			if err != nil {
				return err
			}
			found[size], false1 = found[size]+hit, false1+more
			if hit, more, err = faceAt(ctx, e, jpg, where, true); err != nil {
				return err
			}
			tiled[size], false2 = tiled[size]+hit, false2+more
		}
	}
	b.on = about{ability: "faces", test: "one face at 8 sizes in 12 frames of 1280x720", synthetic: true, model: "blazeface-back 3.3.6"}
	var notes []string
	plain, small := 0, 0
	for _, size := range sizes {
		plain, small = plain+found[size], small+tiled[size]
		notes = append(notes, fmt.Sprintf("%d px %d/%d", size, found[size], tiled[size]))
	}
	all := len(street) * len(sizes)
	b.atLeast("faces: pasted, found with tiles", 100*float64(small)/float64(all), "%", 95, "pasted truth",
		fmt.Sprintf("one face at 8 sizes in 12 frames of 1280x720: without / with tiles of 12: %s; false alarms %d / %d in %d pictures", strings.Join(notes, ", "), false1, false2, all))
	b.atLeast("faces: pasted, found without tiles", 100*float64(plain)/float64(all), "%", 35, "pasted truth", "the same; small ones are what tiles are for")
	return nil
}

// faceAt counts the face at a place, and those elsewhere.
func faceAt(ctx context.Context, e *eyes, jpg []byte, where media.Box, small bool) (hit, more int, err error) {
	got, err := e.Faces(ctx, [][]byte{jpg}, vision.FaceOptions{Small: small})
	if err != nil {
		return 0, 0, err
	}
	for _, f := range got[0] {
		x, y := f.Box.X+f.Box.W/2, f.Box.Y+f.Box.H/2
		if hit == 0 && x > where.X && x < where.X+where.W && y > where.Y && y < where.Y+where.H {
			hit = 1
		} else {
			more++
		}
	}
	return hit, more, nil
}
