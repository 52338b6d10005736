package transcodetest

import (
	"os"
	"testing"

	"showreel/engine/transcode"
	"showreel/platform/cmaf"
)

// testWideSound keeps every channel of sound whose layout AAC has no configuration for, and can measure it afterwards.
func testWideSound(t *testing.T, s *transcode.Service) {
	for layout, want := range map[string]int{"5.1(side)": 6, "7.1(wide)": 8, "6.1": 6, "quad": 4, "2.1": 3} {
		t.Run(layout, func(t *testing.T) {
			src := Make(t, "wide.mkv", "-f", "lavfi", "-i", "testsrc2=s=64x36:r=10:d=1", "-f", "lavfi", "-i", "sine=f=440:d=1:r=48000",
				"-filter_complex", "[1:a]aformat=channel_layouts="+layout+"[a]", "-map", "0:v", "-map", "[a]", "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "pcm_s16le")
			p := Tiny(probe(t, s, src))
			res := newRunner(t, s, src, p).one(transcode.KindAudio)
			if res.Loudness == nil || res.Loudness.IntegratedLUFS < -17 || res.Loudness.IntegratedLUFS > -15 {
				t.Errorf("loudness %+v", res.Loudness)
			}
			f, err := os.Open(res.Files[0].Path)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if tr, err := cmaf.Scan(f, res.Files[0].Bytes); err != nil || tr.Channels != want {
				t.Errorf("%d channels, want %d: %v", tr.Channels, want, err)
			}
		})
	}
}
