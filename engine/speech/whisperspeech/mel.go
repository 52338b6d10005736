//go:build cgo

package whisperspeech

import (
	"math"

	"gonum.org/v1/gonum/dsp/fourier"
)

// The spectrogram Resemblyzer was trained on: power, not decibels, on Slaney's mel scale (librosa's default).
const (
	fftSize = 400 // samples, 25 ms
	hop     = 160 // samples, 10 ms
	bands   = 40
)

// melBank computes spectrograms. It is for one call at a time.
type melBank struct {
	fft     *fourier.FFT
	window  [fftSize]float64
	weights [bands][fftSize/2 + 1]float64
	line    [fftSize]float64
	coeff   []complex128
}

func newMelBank() *melBank {
	b := &melBank{fft: fourier.NewFFT(fftSize), coeff: make([]complex128, fftSize/2+1)}
	for n := range b.window { // periodic Hann
		b.window[n] = 0.5 - 0.5*math.Cos(2*math.Pi*float64(n)/fftSize)
	}
	var edge [bands + 2]float64
	top := melOf(rate / 2)
	for n := range edge {
		edge[n] = hertzOf(top * float64(n) / (bands + 1))
	}
	for m := range bands {
		for k := range fftSize/2 + 1 {
			f := float64(k) * rate / fftSize
			up, down := (f-edge[m])/(edge[m+1]-edge[m]), (edge[m+2]-f)/(edge[m+2]-edge[m+1])
			b.weights[m][k] = max(0, min(up, down)) * 2 / (edge[m+2] - edge[m])
		}
	}
	return b
}

// Slaney's scale is linear to 1 kHz and logarithmic above.
const (
	knee    = 1000.0
	perMel  = 200.0 / 3
	kneeMel = knee / perMel
)

var logStep = math.Log(6.4) / 27

func melOf(hertz float64) float64 {
	if hertz < knee {
		return hertz / perMel
	}
	return kneeMel + math.Log(hertz/knee)/logStep
}

func hertzOf(mel float64) float64 {
	if mel < kneeMel {
		return mel * perMel
	}
	return knee * math.Exp(logStep*(mel-kneeMel))
}

// frames returns the spectrogram of samples, 1 + len/160 lines of 40 values. The sound is silent before and after.
func (b *melBank) frames(samples []float32) []float32 {
	lines := 1 + len(samples)/hop
	out := make([]float32, 0, lines*bands)
	for l := range lines {
		first := l*hop - fftSize/2
		for n := range b.line {
			b.line[n] = 0
			if at := first + n; at >= 0 && at < len(samples) {
				b.line[n] = float64(samples[at]) * b.window[n]
			}
		}
		b.fft.Coefficients(b.coeff, b.line[:])
		for m := range bands {
			sum := 0.0
			for k, w := range b.weights[m] {
				if w != 0 {
					re, im := real(b.coeff[k]), imag(b.coeff[k])
					sum += w * (re*re + im*im)
				}
			}
			out = append(out, float32(sum))
		}
	}
	return out
}
