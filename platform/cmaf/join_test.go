package cmaf_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"showreel/fault"
	"showreel/platform/cmaf"
	"showreel/platform/cmaf/cmaftest"
)

// frames decodes the file and returns one line per frame: its presentation time and the hash of its pixels.
func frames(t testing.TB, b []byte) []string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "in.mp4")
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("ffmpeg", "-v", "error", "-i", file, "-f", "framemd5", "-").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var lines []string
	for l := range strings.Lines(string(out)) {
		if !strings.HasPrefix(l, "#") {
			lines = append(lines, strings.Join(strings.Fields(l), " "))
		}
	}
	return lines
}

func part(b []byte, at int64) cmaf.PartIn {
	return cmaf.PartIn{R: bytes.NewReader(b), Size: int64(len(b)), StartTicks: at}
}

func TestJoinPlaysAsOne(t *testing.T) {
	const gop = 2 * 24 * 512
	a, b := small(0, 4).Make(t), small(4, 2).Make(t)
	var out bytes.Buffer
	tr, err := cmaf.Join(&out, []cmaf.PartIn{part(a, 0), part(b, 2*gop)})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(tr, scan(t, out.Bytes())); d != "" {
		t.Errorf("Join and Scan disagree:\n%s", d)
	}
	got := frames(t, out.Bytes())
	if len(got) != 144 {
		t.Fatalf("%d frames, want 144", len(got))
	}
	hash := func(l string) string { return l[strings.LastIndex(l, " ")+1:] }
	fa, fb := frames(t, a), frames(t, b)
	for i := range got {
		want := ""
		if i < len(fa) {
			want = hash(fa[i])
		} else {
			want = hash(fb[i-len(fa)])
		}
		if hash(got[i]) != want {
			t.Fatalf("frame %d differs in content", i)
		}
	}
	if !strings.HasPrefix(got[96], "0, 96, 96,") && !strings.HasPrefix(got[96], "0, 49152, 49152,") {
		t.Errorf("frame 96 is at %q", got[96])
	}
}

func TestRetimedPartsAppendToOneTrack(t *testing.T) {
	const gop = 2 * 24 * 512
	a, b := small(0, 2).Make(t), small(2, 2).Make(t)
	var pa, pb bytes.Buffer
	ta, err := cmaf.Retime(&pa, bytes.NewReader(a), int64(len(a)), 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	tb, err := cmaf.Retime(&pb, bytes.NewReader(b), int64(len(b)), gop, uint32(len(ta.Segments)+1))
	if err != nil {
		t.Fatal(err)
	}
	grown := cmaf.Track{Name: "v90"}
	for i, p := range []struct {
		b  []byte
		tr cmaf.Track
	}{{pa.Bytes(), ta}, {pb.Bytes(), tb}} {
		if err := grown.Append(cmaf.Part{Key: string(rune('a' + i)), Size: int64(len(p.b))}, p.tr); err != nil {
			t.Fatal(err)
		}
	}
	if grown.Name != "v90" || grown.EndTicks() != 2*gop || len(grown.Parts) != 2 || grown.Segments[1].Part != 1 || grown.Complete {
		t.Fatalf("%+v", grown)
	}
	if err := grown.Append(cmaf.Part{}, tb); fault.CodeOf(err) != "parts-overlap" {
		t.Errorf("the same part twice: %v", err)
	}
}

func TestJoinRefuses(t *testing.T) {
	const gop = 2 * 24 * 512
	a, b := small(0, 2).Make(t), small(2, 2).Make(t)
	other := cmaftest.Video{Width: 320, Height: 180, FPS: 24, GOP: 48, Seconds: 2}.Make(t)
	for _, c := range []struct {
		name  string
		parts []cmaf.PartIn
		code  string
	}{
		{"nothing", nil, "no-parts"},
		{"a gap", []cmaf.PartIn{part(a, 0), part(b, gop+2000)}, "parts-gap"},
		{"an overlap", []cmaf.PartIn{part(a, 0), part(b, gop-1)}, "parts-gap"},
		{"another size", []cmaf.PartIn{part(a, 0), part(other, gop)}, "parts-differ"},
		{"a cut part", []cmaf.PartIn{part(a, 0), part(b[:len(b)-100], gop)}, "truncated"},
	} {
		if _, err := cmaf.Join(&bytes.Buffer{}, c.parts); fault.CodeOf(err) != c.code {
			t.Errorf("%s: %v, want %s", c.name, err, c.code)
		}
	}
}
