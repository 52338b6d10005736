package transcodetest

import (
	"math/rand/v2"
	"os"
	"testing"

	"showreel/engine/transcode"
	"showreel/fault"
)

// testCheck counts what decodes and sees damage.
func testCheck(t *testing.T, s *transcode.Service) {
	src := Make(t, "f.mp4", "-i", Film(t), "-c", "copy", "-movflags", "cmaf+frag_keyframe+delay_moov+default_base_moof+negative_cts_offsets", "-map", "0:v")
	info := probe(t, s, src)
	if n := newRunner(t, s, src, transcode.Plan{Info: info, Decode: true}).one(transcode.KindCheck).Decoded; n != 72 {
		t.Errorf("%d frames decoded, want 72", n)
	}
	b, err := os.ReadFile(src)
	if err != nil {
		t.Fatal(err)
	}
	noise := rand.New(rand.NewPCG(1, 1))
	for i := len(b) / 2; i < len(b)/2+20_000; i++ {
		b[i] = byte(noise.Uint32())
	}
	bad := Write(t, "bad.mp4", b)
	r := newRunner(t, s, bad, transcode.Plan{Info: info, Decode: true})
	if _, err := s.Run(t.Context(), r.plan, r.tasks[0], transcode.Env{Source: bad, WorkDir: t.TempDir()}); !fault.Is(err, fault.Corrupt) {
		t.Errorf("damage gives %v", err)
	}
}
