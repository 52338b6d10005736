// Package timbre tells music from noise where nobody speaks, by arithmetic on the sound itself: tones that are held and
// change, and a beat that returns. It knows no instrument and no sound event, and says nothing where neither is clear.
//
// The features are those of the older literature on telling speech from music: partials followed from frame to frame
// (Hawley, "Structure out of Sound", 1993), spectral flux and pulse (Scheirer and Slaney, ICASSP 1997), and pitch classes
// for what changes (Fujishima, ICMC 1999).
package timbre

import (
	"math"

	"showreel/media"
)

// What a stretch sounds like.
const (
	Music   = "music"
	Noise   = "noise"
	Unclear = "other"
)

// Rate of the sound, in Hz.
const Rate = 16_000

const (
	size   = 1024 // samples of a frame, 64 ms
	hop    = 512
	lowest = 6   // bin of 94 Hz
	top    = 320 // bin of 5 kHz
	around = 10  // bins on both sides that a peak stands out of
	stands = 2.3 // how much, in nepers of power: 10 dB
	held   = 7   // frames that a tone lasts, 0.22 s
	bands  = 20  // of the flux
	// Span is how much sound is looked at for one answer, and step how often.
	Span = 6 * media.Second
	step = media.Second
)

// Look is what a span of sound is like.
type Look struct {
	Range  media.Range
	Tonal  float64 // 0..1: of the power between 94 Hz and 5 kHz, what lies in tones that are held
	Change float64 // 0..1: how much the tones change from second to second; a hum does not
	Beat   float64 // 0..1: how regularly the flux returns, 40 to 200 times a minute
	Deep   float64 // 0..1: of the power, what lies below 94 Hz, where this resolution tells no tones apart
	Level  float64 // dB of full scale, RMS
}

// second is what is kept of each second.
type second struct {
	tonal, power, deep, square float64
	chroma                     [12]float64
	flux                       []float64
}

// Looks describes sound, one look a second, each over Span around it. pcm is mono at Rate and begins at begin.
func Looks(pcm []int16, begin media.Time) []Look {
	all := seconds(pcm)
	var out []Look
	const span = int(Span / step)
	for n := range all {
		from := max(0, min(n-span/2+1, len(all)-span))
		to := min(len(all), from+span)
		l := Look{Range: media.Range{Start: begin + media.Time(n)*step, End: begin + media.Time(n+1)*step}}
		if end := begin + media.FromTicks(int64(len(pcm)), Rate); l.Range.End > end {
			l.Range.End = end
		}
		l.of(all[from:to])
		out = append(out, l)
	}
	return out
}

func (l *Look) of(span []second) {
	tonal, power, deep, square := 0.0, 0.0, 0.0, 0.0
	var flux []float64
	for n, s := range span {
		tonal, power, deep, square = tonal+s.tonal, power+s.power, deep+s.deep, square+s.square
		flux = append(flux, s.flux...)
		for m := n + 1; m < len(span); m++ {
			l.Change = max(l.Change, apart(s.chroma, span[m].chroma))
		}
	}
	if power > 0 {
		l.Tonal, l.Deep = tonal/power, deep/(power+deep)
	}
	l.Level = 10 * math.Log10(square/float64(len(span))+1e-12)
	l.Beat = beat(flux)
}

// apart is how different the pitch classes of two seconds are: 1 minus their cosine, 0 where one has none.
func apart(a, b [12]float64) float64 {
	dot, x, y := 0.0, 0.0, 0.0
	for n := range a {
		dot, x, y = dot+a[n]*b[n], x+a[n]*a[n], y+b[n]*b[n]
	}
	if x == 0 || y == 0 {
		return 0
	}
	return max(0, 1-dot/math.Sqrt(x*y))
}

// seconds follows tones through the sound.
func seconds(pcm []int16) []second {
	frames := max(0, (len(pcm)-size)/hop+1)
	out := make([]second, (len(pcm)+Rate-1)/Rate)
	var lasts [size / 2]tone
	var before [bands]float64
	re, im := make([]float64, size), make([]float64, size)
	for f := range frames {
		at := f * hop
		s := &out[at/Rate]
		for n := range size {
			v := float64(pcm[at+n]) / 32768
			re[n], im[n] = v*(0.5-0.5*math.Cos(2*math.Pi*float64(n)/size)), 0
		}
		fft(re, im)
		var power, level [size / 2]float64
		for b := range power {
			power[b] = re[b]*re[b] + im[b]*im[b]
			level[b] = math.Log(power[b] + 1e-9)
		}
		lasts = follow(level, lasts)
		s.add(power, lasts)
		s.flux = append(s.flux, fluxOf(power, &before))
	}
	for n := range out {
		part := pcm[n*Rate : min(len(pcm), (n+1)*Rate)]
		for _, v := range part {
			out[n].square += float64(v) * float64(v) / (32768 * 32768) / float64(len(part))
		}
	}
	return out
}

// tone is a peak that has been there for some frames, within a bin of where it began: one that glides is none.
type tone struct{ frames, began int }

// follow counts for how many frames each peak has been there.
func follow(level [size / 2]float64, lasts [size / 2]tone) (now [size / 2]tone) {
	for b := lowest; b < top; b++ {
		if level[b] < level[b-1] || level[b] <= level[b+1] {
			continue
		}
		mean := 0.0
		for k := b - around; k <= b+around; k++ {
			mean += level[max(1, k)] / (2*around + 1)
		}
		if level[b]-mean < stands {
			continue
		}
		now[b] = tone{1, b}
		for _, t := range lasts[b-1 : b+2] {
			if t.frames >= now[b].frames && t.began >= b-1 && t.began <= b+1 {
				now[b] = tone{t.frames + 1, t.began}
			}
		}
	}
	return now
}

// add counts a frame's power, and what of it lies in tones that are held.
func (s *second) add(power [size / 2]float64, lasts [size / 2]tone) {
	for b := 1; b < lowest; b++ {
		s.deep += power[b]
	}
	for b := lowest; b < top; b++ {
		s.power += power[b]
		if lasts[b].frames < held {
			continue
		}
		own := power[b-1] + power[b] + power[b+1]
		s.tonal += own
		pitch := int(math.Round(12 * math.Log2(float64(b)*Rate/size/440)))
		s.chroma[((pitch%12)+12)%12] += math.Sqrt(own)
	}
	s.tonal = min(s.tonal, s.power)
}

// fluxOf is how much louder bands have become since the frame before.
func fluxOf(power [size / 2]float64, before *[bands]float64) float64 {
	sum := 0.0
	for n := range bands {
		from, to := edge(n), edge(n+1)
		p := 0.0
		for b := from; b < to; b++ {
			p += power[b]
		}
		p = math.Log(p/float64(to-from) + 1e-6)
		sum += max(0, p-before[n])
		before[n] = p
	}
	return sum / bands
}

// edge is the first bin of a band; bands widen with frequency.
func edge(n int) int {
	return lowest + int(float64(size/2-lowest)*(math.Pow(2, 4*float64(n)/bands)-1)/15)
}

// beat is the greatest autocorrelation of the flux at lags of 0.3 to 1.5 s: about 0 for what does not return, and for
// single strikes with nothing between them, a clock's.
func beat(flux []float64) float64 {
	mean := 0.0
	for _, v := range flux {
		mean += v / float64(len(flux))
	}
	at := func(lag int) float64 {
		sum, a, b := 0.0, 0.0, 0.0
		for n := range len(flux) - lag {
			x, y := flux[n]-mean, flux[n+lag]-mean
			sum, a, b = sum+x*y, a+x*x, b+y*y
		}
		if a == 0 || b == 0 {
			return 0
		}
		return sum / math.Sqrt(a*b)
	}
	const first, last = 9, 47 // hops
	if len(flux) < 2*last || strikes(flux) < leastStrikes*float64(len(flux)) {
		return 0
	}
	best := 0.0
	for lag := first; lag <= last; lag++ {
		best = max(best, at(lag))
	}
	return best
}

// leastStrikes is the share of frames in which something begins: a clock that ticks once a second has 0.03.
const leastStrikes = 0.045

// strikes counts the frames whose flux is at least a quarter of the greatest.
func strikes(flux []float64) (n float64) {
	most := 0.0
	for _, v := range flux {
		most = max(most, v)
	}
	for _, v := range flux {
		if v > most/4 {
			n++
		}
	}
	return n
}

// fft is the discrete Fourier transform in place (Cooley and Tukey, 1965); the length is a power of two.
func fft(re, im []float64) {
	n := len(re)
	for i, j := 1, 0; i < n; i++ {
		bit := n >> 1
		for ; j&bit != 0; bit >>= 1 {
			j ^= bit
		}
		if j ^= bit; i < j {
			re[i], re[j], im[i], im[j] = re[j], re[i], im[j], im[i]
		}
	}
	for length := 2; length <= n; length <<= 1 {
		sin, cos := math.Sincos(-2 * math.Pi / float64(length))
		for i := 0; i < n; i += length {
			wr, wi := 1.0, 0.0
			for k := i; k < i+length/2; k++ {
				m := k + length/2
				xr, xi := re[m]*wr-im[m]*wi, re[m]*wi+im[m]*wr
				re[m], im[m], re[k], im[k] = re[k]-xr, im[k]-xi, re[k]+xr, im[k]+xi
				wr, wi = wr*cos-wi*sin, wr*sin+wi*cos
			}
		}
	}
}
