package transcodetest

import (
	"testing"

	"showreel/engine/transcode"
)

// testInterlace calls fields interlaced and the hard lines of graphics not, whatever the stream says of itself.
func testInterlace(t *testing.T, s *transcode.Service) {
	for name, c := range map[string]struct {
		filter string
		combed bool
	}{
		"progressive graphics":      {"fps=25", false},
		"interlaced, top first":     {"tinterlace=mode=interleave_top,setfield=prog", true},
		"interlaced, bottom first":  {"tinterlace=mode=interleave_bottom,setfield=prog", true},
		"interlaced and says so":    {"tinterlace=mode=interleave_top,setfield=tff", true},
		"progressive, turned frame": {"fps=25,vflip", false},
	} {
		t.Run(name, func(t *testing.T) {
			src := Make(t, "i.mkv", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=50:d=2", "-vf", c.filter+",format=yuv420p", "-c:v", "ffv1", "-g", "1")
			p := Tiny(probe(t, s, src))
			p.ChunkFrames = 60
			p.Rungs, p.Proxy, p.Analysis = p.Rungs[1:], nil, transcode.Analysis{QC: true}
			results, _ := newRunner(t, s, src, p).chunks()
			share := 0.0
			for _, r := range results {
				for _, span := range r.Spans {
					if span.Kind == transcode.SpanInterlace {
						share = max(share, span.Value)
					}
				}
			}
			if (share > 0.5) != c.combed || !c.combed && share > 0 {
				t.Errorf("%.0f %% of the frames look interlaced, want interlaced %v", share*100, c.combed)
			}
		})
	}
}
