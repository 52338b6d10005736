package main

import (
	"image"
	"math"
	"testing"

	"showreel/engine/voice"
	"showreel/media"
)

// pretend gives every story a second of sound a picture, without a voice.
func pretend(s script) []spoken {
	var all []spoken
	at := 0
	for _, st := range s.Stories {
		frames := 25*4*len(st.Pictures) + 3
		pcm := make([]int16, (frames-30)*22_050/fps)
		for n := range pcm {
			pcm[n] = int16(8_000 * math.Sin(float64(n)/9))
		}
		all = append(all, spoken{voice.Speech{PCM: pcm, Rate: 22_050, Words: []media.Word{{Text: "word", Start: media.Second, End: 2 * media.Second}}}, at, frames})
		at += frames
	}
	return all
}

func TestPlanCoversEveryFrameOnce(t *testing.T) {
	s, err := readScript()
	if err != nil {
		t.Fatal(err)
	}
	said := pretend(s)
	shots := plan(s, said)
	at, kinds := 0, map[string]int{}
	for n, p := range shots {
		if p.start != at || p.end-p.before-p.start < dissolveFrames {
			t.Errorf("shot %d: frames %d..%d after %d", n, p.start, p.end, at)
		}
		if n > 0 && shots[n-1].last() != p.start+p.before {
			t.Errorf("shot %d: the one before is seen until %d, its transition ends at %d", n, shots[n-1].last(), p.start+p.before)
		}
		at = p.end
		kinds[p.enter]++
	}
	last := said[len(said)-1]
	if at != last.first+last.frames || kinds["cut"] < 10 || kinds["dissolve"] < 5 || kinds["fade"] < 1 || kinds["start"] != 1 {
		t.Errorf("%d frames of %d, %v", at, last.first+last.frames, kinds)
	}
}

func TestMixSpeaksWhereTheTruthSaysAndNeverClips(t *testing.T) {
	s, err := readScript()
	if err != nil {
		t.Fatal(err)
	}
	said := pretend(s)[:2]
	bed := make([]float32, 3*soundRate)
	for n := range bed {
		bed[n] = float32(0.3 * math.Sin(float64(n)/31))
	}
	out := mix(said, bed)
	if len(out) != (said[1].first+said[1].frames)*soundRate/fps {
		t.Fatalf("%d samples", len(out))
	}
	power := func(from, to float64) float64 {
		sum := 0.0
		part := out[int(from*soundRate):int(to*soundRate)]
		for _, v := range part {
			sum += float64(v) * float64(v)
		}
		return math.Sqrt(sum / float64(len(part)))
	}
	start := float64(said[1].first) / fps
	if before, speech := power(start+0.2, start+lead-0.02), power(start+lead+0.1, start+lead+1); speech < 3*before || before < 20 {
		t.Errorf("%.0f before the first word, %.0f in it", before, speech)
	}
	for n, v := range out {
		if v == 32_767 || v == -32_767 {
			t.Fatalf("sample %d is clipped", n)
		}
	}
}

func TestSignMovesWithItsScene(t *testing.T) {
	l, err := openLetters()
	if err != nil {
		t.Fatal(err)
	}
	scene := still{image.NewRGBA(image.Rect(0, 0, 1562, 878)), "left"}
	board := l.plant(scene.scene, sign{Text: []string{"MILL LANE"}, X: 0.4, Y: 0.4, Width: 0.25})
	first, last := seen(board, scene.window(0, 100)), seen(board, scene.window(99, 100))
	if first[0] <= last[0] || first[1] != last[1] || first[2] != last[2] {
		t.Errorf("the camera goes from %v to %v", first, last)
	}
	frame := image.NewRGBA(image.Rect(0, 0, wide, high))
	if err := scene.paint(frame, 99, 100); err != nil {
		t.Fatal(err)
	}
	if c := frame.RGBAAt(int(last[0]*wide)+12, int(last[1]*high)+12); c.G < 60 {
		t.Errorf("no board where the truth says: %v", c)
	}
}
