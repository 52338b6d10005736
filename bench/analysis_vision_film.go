package main

import (
	"context"
	"fmt"
	"image"
	"io"
	"math/rand/v2"
	"os/exec"
	"path/filepath"

	xdraw "golang.org/x/image/draw"
)

// transition is one change of shot: a cut has one frame, the first of the new shot; a dissolve or fade runs over frames.
type transition struct {
	kind     string // "cut", "dissolve", "fade"
	from, to int    // frames, both inside
}

const (
	shotWidth, shotHeight = 640, 360
	shotRate              = 25
)

// shotFilm writes a film of shots whose changes are known to the frame: photos under a moving camera, pieces of the sample
// films that lie within one shot, hard cuts, dissolves of 10 to 30 frames, fades through black of 16 to 36, and to lead
// astray flashes of 1 to 3 white frames, fast pans and lights that dim.
func shotFilm(ctx context.Context, b *bench, film, path string, shots int, seed uint64) ([]transition, int, error) {
	sources, err := shotSources(ctx, film)
	if err != nil {
		return nil, 0, err
	}
	cmd := exec.CommandContext(ctx, "ffmpeg", "-nostdin", "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgba", "-video_size", fmt.Sprintf("%dx%d", shotWidth, shotHeight),
		"-framerate", fmt.Sprint(shotRate), "-i", "-", "-c:v", "libx264", "-preset", "ultrafast", "-crf", "23", "-pix_fmt", "yuv420p", path)
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, 0, err
	}
	if err := cmd.Start(); err != nil {
		return nil, 0, err
	}
	truth, count, err := writeShots(in, sources, shots, seed)
	_ = in.Close()
	if werr := cmd.Wait(); err == nil {
		err = werr
	}
	return truth, count, err
}

// writeShots renders the shots and joins them.
func writeShots(out io.Writer, sources []func(r *rand.Rand) []*image.RGBA, shots int, seed uint64) ([]transition, int, error) {
	r := rand.New(rand.NewPCG(seed, 9))
	var truth []transition
	at := 0 // frames written
	write := func(frames ...*image.RGBA) error {
		for _, f := range frames {
			if _, err := out.Write(f.Pix); err != nil {
				return err
			}
			at++
		}
		return nil
	}
	last, held := -1, []*image.RGBA(nil)
	for n := range shots {
		pick := r.IntN(len(sources))
		for pick == last {
			pick = r.IntN(len(sources))
		}
		last = pick
		next := disturbed(r, sources[pick](r))
		if n == 0 {
			held = next
			continue
		}
		var err error
		switch k := n % 20; {
		case k%2 == 0: // half are cuts
			err = write(held...)
			truth = append(truth, transition{"cut", at, at})
			held = next
		case k%4 == 1:
			d := 10 + r.IntN(21)
			if err = write(held[:len(held)-d]...); err == nil {
				truth = append(truth, transition{"dissolve", at, at + d})
				held = held[len(held)-d:]
				for i := range d {
					if err = write(mixed(held[i], next[i], float64(i+1)/float64(d+1))); err != nil {
						break
					}
				}
			}
			held = next[d:]
		default:
			d := 8 + r.IntN(11)
			if err = write(held[:len(held)-d]...); err == nil {
				truth = append(truth, transition{"fade", at, at + 2*d})
				black := image.NewRGBA(image.Rect(0, 0, shotWidth, shotHeight))
				for i := range 2 * d {
					f := mixed(held[min(len(held)-d+i, len(held)-1)], black, float64(i+1)/float64(d))
					if i >= d {
						f = mixed(black, next[i-d], float64(i-d+1)/float64(d))
					}
					if err = write(f); err != nil {
						break
					}
				}
			}
			held = next[d:]
		}
		if err != nil {
			return nil, 0, err
		}
	}
	return truth, at + len(held), write(held...)
}

// disturbed puts a flash into one shot of eight, and lets the light change in another.
func disturbed(r *rand.Rand, shot []*image.RGBA) []*image.RGBA {
	white := image.NewRGBA(image.Rect(0, 0, shotWidth, shotHeight))
	for i := range white.Pix {
		white.Pix[i] = 255
	}
	black := image.NewRGBA(white.Bounds())
	at := len(shot)/2 - 4
	switch r.IntN(8) {
	case 0:
		for i := range 1 + r.IntN(3) {
			shot[at+i] = mixed(shot[at+i], white, 0.85)
		}
	case 1:
		for i := range 8 {
			shot[at+i] = mixed(shot[at+i], black, 0.3*float64(i)/8)
		}
		for i := at + 8; i < len(shot); i++ {
			shot[i] = mixed(shot[i], black, 0.3)
		}
	}
	return shot
}

// mixed is a part of the one picture and the rest of the other.
func mixed(a, b *image.RGBA, part float64) *image.RGBA {
	out := image.NewRGBA(a.Bounds())
	f := int(256 * min(max(part, 0), 1))
	for i := range out.Pix {
		out.Pix[i] = uint8((int(a.Pix[i])*(256-f) + int(b.Pix[i])*f) >> 8)
	}
	return out
}

// shotSources are what shots are made of: ten photos, the street, and five pieces of the film that hold no change of shot.
func shotSources(ctx context.Context, film string) ([]func(*rand.Rand) []*image.RGBA, error) {
	samples := filepath.Join(cacheDir(), "samples")
	var out []func(*rand.Rand) []*image.RGBA
	for _, name := range []string{"astronaut.png", "cat.png", "coffee.png", "building.jpg", "butterfly.jpg", "fruits.jpg", "home.jpg", "hubble-deep-field.jpg", "rocket.jpg", "photographer.png"} {
		photo, err := frames(ctx, filepath.Join(samples, name), 0, "scale=1280:720", 1280, 720, 1)
		if err != nil {
			return nil, err
		}
		out = append(out, func(r *rand.Rand) []*image.RGBA { return camera(r, photo[0]) })
	}
	pieces := []struct {
		path          string
		from, seconds float64
	}{{film, 3, 4}, {film, 7, 4}, {film, 12.3, 3}, {film, 16.6, 3.8}, {film, 25.5, 3}}
	for n := range 4 {
		pieces = append(pieces, struct {
			path          string
			from, seconds float64
		}{filepath.Join(samples, "street-footage.avi"), 3 + 18*float64(n), 4})
	}
	for _, p := range pieces {
		all, err := frames(ctx, p.path, p.from, fmt.Sprintf("fps=%d,scale=%d:%d", shotRate, shotWidth, shotHeight), shotWidth, shotHeight, int(p.seconds*shotRate))
		if err != nil {
			return nil, err
		}
		out = append(out, func(r *rand.Rand) []*image.RGBA {
			n := min(len(all), 55+r.IntN(40))
			from := r.IntN(len(all) - n + 1)
			return append([]*image.RGBA(nil), all[from:from+n]...)
		})
	}
	return out, nil
}

// camera moves over a photo: a slow zoom, a pan, and one time in five a fast one.
func camera(r *rand.Rand, photo *image.RGBA) []*image.RGBA {
	n := 50 + r.IntN(50)
	x0, x1, y0, y1 := r.Float64(), r.Float64(), r.Float64(), r.Float64()
	z0, z1 := .55+.3*r.Float64(), .55+.3*r.Float64()
	fast := r.IntN(5) == 0
	var out []*image.RGBA
	for i := range n {
		f := float64(i) / float64(n-1)
		if fast {
			f = min(max((f-.4)*5, 0), 1) // all of the way in a fifth of the time
		} else {
			x1, y1 = x0+.25*(x1-x0), y0+.25*(y1-y0)
		}
		w, h := (z0+(z1-z0)*f)*1280, (z0+(z1-z0)*f)*720
		x, y := (x0+(x1-x0)*f)*(1280-w), (y0+(y1-y0)*f)*(720-h)
		frame := image.NewRGBA(image.Rect(0, 0, shotWidth, shotHeight))
		xdraw.ApproxBiLinear.Scale(frame, frame.Bounds(), photo, image.Rect(int(x), int(y), int(x+w), int(y+h)), xdraw.Src, nil)
		out = append(out, frame)
	}
	return out
}
