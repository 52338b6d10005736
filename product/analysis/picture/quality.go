package picture

import "math"

// Quality is how good a picture is, of its luma 0..255.
type Quality struct {
	Sharp   float64 // variance of the Laplacian, 0..255²: small is soft
	Blur    float64 // 0..1, how little is lost when it is blurred again: near 1 it was blurred before
	Noise   float64 // standard deviation of grain, 0..255
	Bright  float64 // mean, 0..1
	Clipped float64 // share that is fully white
	Crushed float64 // share that is fully black
	Spread  float64 // standard deviation, 0..1
}

// Judge measures a luma plane of w × h.
func Judge(v []uint8, w, h int) Quality {
	var q Quality
	if w < 1 || h < 1 || len(v) < w*h {
		return q
	}
	var sum, sq float64
	for _, x := range v[:w*h] {
		f := float64(x)
		sum, sq = sum+f, sq+f*f
		if x >= 253 {
			q.Clipped++
		}
		if x <= 3 {
			q.Crushed++
		}
	}
	n := float64(w * h)
	q.Bright, q.Clipped, q.Crushed = sum/n/255, q.Clipped/n, q.Crushed/n
	q.Spread = math.Sqrt(max(0, sq/n-sum/n*sum/n)) / 255
	if w < 3 || h < 3 {
		return q
	}
	q.Sharp, q.Noise = laplacians(v, w, h)
	q.Blur = reblur(v, w, h)
	return q
}

// laplacians gives the variance of the plain Laplacian, and the noise by Immerkær's (CVIU 64, 1996): the mean magnitude of
// a difference of two Laplacians, which edges hardly answer to, here over the flatter half of the picture.
func laplacians(v []uint8, w, h int) (sharp, noise float64) {
	var lap, lapSq, n float64
	var grain [1024]int
	count := 0
	for y := 1; y < h-1; y++ {
		for x := 1; x < w-1; x++ {
			k := y*w + x
			c, cross := int(v[k]), int(v[k-1])+int(v[k+1])+int(v[k-w])+int(v[k+w])
			corners := int(v[k-w-1]) + int(v[k-w+1]) + int(v[k+w-1]) + int(v[k+w+1])
			d := float64(4*c - cross)
			lap, lapSq, n = lap+d, lapSq+d*d, n+1
			if c > 3 && c < 252 { // what is clipped has lost its grain
				m := 4*c - 2*cross + corners
				grain[min(max(m, -m), len(grain)-1)]++
				count++
			}
		}
	}
	sharp = lapSq/n - lap/n*lap/n
	// The median of |N(0, 6σ)| is 4.05 σ; a median stands what edges answer.
	for m, seen := 0, 0; m < len(grain) && count > 0; m++ {
		if seen += grain[m]; 2*seen >= count {
			below := float64(count)/2 - float64(seen-grain[m])
			return sharp, max(0, float64(m)-0.5+below/float64(max(grain[m], 1))) / 4.047
		}
	}
	return sharp, 0
}

// reblur compares neighbours' differences before and after a blur of nine pixels (Crété et al., SPIE 6492, 2007), along rows
// and columns, the worse of the two.
func reblur(v []uint8, w, h int) float64 {
	along := func(length, lines, step, jump int) float64 {
		if length < 12 {
			return 0
		}
		var sharp, lost float64
		for l := range lines {
			base := l * jump
			sum := 0
			for k := range 9 {
				sum += int(v[base+k*step])
			}
			last := sum
			for k := 5; k < length-4; k++ {
				sum += int(v[base+(k+4)*step]) - int(v[base+(k-5)*step])
				d := math.Abs(float64(v[base+k*step]) - float64(v[base+(k-1)*step]))
				sharp += d
				lost += max(0, d-math.Abs(float64(sum-last))/9)
				last = sum
			}
		}
		if sharp == 0 {
			return 0
		}
		return (sharp - lost) / sharp
	}
	return max(along(w, h, 1, w), along(h, w, w, 1))
}
