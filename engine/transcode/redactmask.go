package transcode

import (
	"encoding/binary"
	"io"
	"math"

	"showreel/media"
)

// maskSide is the most cells of a mask's longer side: six pixels a cell at 1920. Rectangles cover every cell they touch.
const maskSide = 320

// MaskSize is the size of the mask for a picture; both are even.
func MaskSize(width, height int) (w, h int) {
	scale := min(1, float64(maskSide)/float64(max(width, height)))
	return max(2, int(float64(width)*scale)&^1), max(2, int(float64(height)*scale)&^1)
}

// Mask is the raw video that says what is hidden: one 4:2:0 frame of w × h a frame of the plan, 255 in all planes where
// something is hidden, 0 elsewhere. It is made as it is read and never blocks.
func (r Redaction) Mask(rate media.Rate, frames int64, w, h int) io.Reader {
	return &mask{r: r, rate: rate, left: frames, w: w, h: h, frame: make([]byte, w*h*3/2)}
}

type mask struct {
	r       Redaction
	rate    media.Rate
	n, left int64
	w, h    int
	frame   []byte
	rest    []byte
}

// Read implements io.Reader.
func (m *mask) Read(b []byte) (int, error) {
	if len(m.rest) == 0 {
		if m.left == 0 {
			return 0, io.EOF
		}
		m.draw()
		m.n, m.left, m.rest = m.n+1, m.left-1, m.frame
	}
	n := copy(b, m.rest)
	m.rest = m.rest[n:]
	return n, nil
}

// draw paints the frame's rectangles. A cover is there in every frame that is shown at some time between its spots.
func (m *mask) draw() {
	clear(m.frame)
	from, to := m.rate.At(m.n), m.rate.At(m.n+1)-1
	for _, c := range m.r.Covers {
		if len(c.Spots) == 0 || c.Spots[len(c.Spots)-1].At < from || c.Spots[0].At > to {
			continue
		}
		at := min(max(from, c.Spots[0].At), c.Spots[len(c.Spots)-1].At)
		if box, ok := c.At(at); ok {
			m.fill(box)
		}
	}
}

// fill covers each cell that the rectangle touches, and one more all around for what scaling moves.
func (m *mask) fill(b media.Box) {
	span := func(at, size float64, n int) (int, int) {
		first, last := int(math.Floor(at*float64(n)))-1, int(math.Ceil((at+size)*float64(n)))+1
		return min(max(first, 0), n) &^ 1, min(max(last+last&1, 0), n)
	}
	x0, x1 := span(b.X, b.W, m.w)
	y0, y1 := span(b.Y, b.H, m.h)
	luma, chroma := m.w*m.h, m.w*m.h/4
	paint := func(offset, stride, x0, x1, y0, y1 int) {
		for y := y0; y < y1; y++ {
			row := m.frame[offset+y*stride : offset+y*stride+stride]
			for x := x0; x < x1; x++ {
				row[x] = 255
			}
		}
	}
	paint(0, m.w, x0, x1, y0, y1)
	paint(luma, m.w/2, x0/2, x1/2, y0/2, y1/2)
	paint(luma+chroma, m.w/2, x0/2, x1/2, y0/2, y1/2)
}

// The tone and the fade of what is hidden in sound.
const (
	RedactRate = 48_000 // Hz, of the sound that Hush takes
	bleepHz    = 1000
	bleepLevel = 0.1 // -20 dBFS
	fadeMS     = 5
)

// Hush returns a writer of interleaved little-endian 32-bit float samples at RedactRate that passes them on to w with the
// ranges hidden. What is hidden is multiplied by zero, not attenuated.
func (r Redaction) Hush(w io.Writer, channels int) io.Writer {
	return &hush{r: r, w: w, channels: channels}
}

type hush struct {
	r        Redaction
	w        io.Writer
	channels int
	n        int64 // samples of each channel done
	next     int   // first range that may still matter
	rest     []byte
}

// Write implements io.Writer.
func (h *hush) Write(b []byte) (int, error) {
	all := append(h.rest, b...)
	size := 4 * h.channels
	whole := len(all) / size * size
	out := all[:whole:whole]
	for at := 0; at < whole; at += size {
		keep := h.keep()
		if keep < 1 {
			tone := 0.0
			if h.r.Bleep {
				tone = (1 - keep) * bleepLevel * math.Sin(2*math.Pi*bleepHz*float64(h.n)/RedactRate)
			}
			for c := range h.channels {
				s := out[at+4*c : at+4*c+4]
				v := 0.0
				if keep > 0 {
					v = float64(math.Float32frombits(binary.LittleEndian.Uint32(s))) * keep
				}
				binary.LittleEndian.PutUint32(s, math.Float32bits(float32(v+tone)))
			}
		}
		h.n++
	}
	if _, err := h.w.Write(out); err != nil {
		return 0, err
	}
	h.rest = append([]byte{}, all[whole:]...)
	return len(b), nil
}

// keep is how much of the present sample stays, 0..1: nothing within a range, and a ramp of 5 ms outside it.
func (h *hush) keep() float64 {
	const fade = RedactRate * fadeMS / 1000
	keep := 1.0
	for k := h.next; k < len(h.r.Sound); k++ {
		first, last := h.r.Sound[k].Start.Ticks(RedactRate), h.r.Sound[k].End.Ticks(RedactRate)+1
		if k == h.next && h.n > last+fade {
			h.next++
			continue
		}
		if h.n < first-fade {
			break
		}
		away := max(first-h.n, h.n-last, 0)
		keep = min(keep, float64(away)/fade)
	}
	return keep
}
