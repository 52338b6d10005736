package transcodetest

import (
	"os"
	"testing"

	"showreel/engine/transcode"
	"showreel/media"
)

// testBoundaries checks that small frames are those of their times: the film's cut lies at 1.5 s, wherever a stretch
// begins, and in a container that cannot be opened at a frame.
func testBoundaries(t *testing.T, s *transcode.Service) {
	film := Film(t)
	stream := Make(t, "f.ts", "-i", film, "-c", "copy", "-map", "0:v")
	for _, src := range []string{film, stream} {
		p := transcode.Plan{Info: probe(t, s, src), Boundaries: []media.Range{{End: 3 * media.Second}, {Start: media.Second, End: 2 * media.Second}, {Start: 1600 * media.Millisecond, End: 9 * media.Second}}}
		r := newRunner(t, s, src, p)
		tasks := r.kind(transcode.KindBoundaries)
		if len(tasks) != 3 {
			t.Fatalf("%d tasks of 3 stretches", len(tasks))
		}
		for n, want := range []struct{ frames, cut int64 }{{38, 19}, {13, 7}, {18, -1}} {
			files := r.run(tasks[n]).Files
			if len(files) != 1 || files[0].Role != transcode.RoleSmall || files[0].Index != tasks[n].First {
				t.Fatalf("stretch %d gives %+v", n, files)
			}
			raw, err := os.ReadFile(files[0].Path)
			if err != nil {
				t.Fatal(err)
			}
			if got := int64(len(raw)) / transcode.SmallSize; got != files[0].Frames || got < want.frames-1 || got > want.frames+1 {
				t.Errorf("stretch %d has %d frames, says %d, want %d", n, got, files[0].Frames, want.frames)
			}
			if cut := biggestStep(raw); want.cut >= 0 && cut != want.cut {
				t.Errorf("stretch %d changes most at frame %d, want %d", n, cut, want.cut)
			}
		}
	}
	if _, err := s.Split(transcode.Plan{Info: probe(t, s, film), Boundaries: []media.Range{{End: 2 * transcode.MaxBoundaries}}}, sha64); err == nil {
		t.Error("a stretch of 20 minutes is taken")
	}
}

const sha64 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// biggestStep is the frame that differs most from the one before it.
func biggestStep(raw []byte) int64 {
	best, most := int64(0), 0
	for n := transcode.SmallSize; n+transcode.SmallSize <= len(raw); n += transcode.SmallSize {
		sum := 0
		for k := range transcode.SmallSize {
			d := int(raw[n+k]) - int(raw[n+k-transcode.SmallSize])
			sum += max(d, -d)
		}
		if sum > most {
			best, most = int64(n/transcode.SmallSize), sum
		}
	}
	return best
}
