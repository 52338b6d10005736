package cmaf

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"showreel/fault"
	"showreel/media"
)

// MaxVTT is the largest caption file that is read.
const MaxVTT = 16 << 20

// CutVTT returns the cues of a WebVTT file (W3C WebVTT 1) that overlap the range, moved so that the range starts at 0.
// An empty range that starts at 0 keeps everything. Cue settings, styles and comments are kept as they are.
// fault.Corrupt if it is no WebVTT file.
func CutVTT(in []byte, r media.Range) ([]byte, error) {
	in = bytes.TrimPrefix(in, []byte("\xef\xbb\xbf"))
	if !bytes.HasPrefix(in, []byte("WEBVTT")) || len(in) > MaxVTT {
		return nil, fault.Say("cmaf.vtt", "", fault.Corrupt, "bad-vtt", "The caption file is not WebVTT; upload it again.")
	}
	text := strings.ReplaceAll(strings.ReplaceAll(string(in), "\r\n", "\n"), "\r", "\n")
	if r.Start == 0 && (r.End == 0 || r.End >= 1<<62) {
		return []byte(text), nil
	}
	var out []string
	for block := range strings.SplitSeq(text, "\n\n") {
		if b, ok := cutCue(strings.Trim(block, "\n"), r); ok {
			out = append(out, b)
		}
	}
	return []byte(strings.Join(out, "\n\n") + "\n"), nil
}

// KeepVTT returns what CutVTT would keep of a range, at the times that it has.
func KeepVTT(in []byte, r media.Range) ([]byte, error) {
	if !bytes.HasPrefix(in, []byte("WEBVTT")) {
		return nil, fault.Say("cmaf.vtt", "", fault.Corrupt, "bad-vtt", "The caption file is not WebVTT; upload it again.")
	}
	var out []string
	for block := range strings.SplitSeq(string(in), "\n\n") {
		block = strings.Trim(block, "\n")
		if _, ok := cutCue(block, r); ok {
			out = append(out, block)
		}
	}
	return []byte(strings.Join(out, "\n\n") + "\n"), nil
}

// cutCue moves one block; blocks without a timing line (header, NOTE, STYLE) are kept.
func cutCue(block string, r media.Range) (string, bool) {
	if block == "" {
		return "", false
	}
	lines := strings.Split(block, "\n")
	for i, l := range lines {
		from, rest, ok := strings.Cut(l, "-->")
		if !ok {
			continue
		}
		to, settings, _ := strings.Cut(strings.TrimLeft(rest, " \t"), " ")
		a, okA := vttTime(strings.TrimSpace(from))
		b, okB := vttTime(strings.TrimSpace(to))
		if !okA || !okB {
			return "", false
		}
		cue := media.Range{Start: a, End: b}.Intersect(r)
		if cue.Empty() {
			return "", false
		}
		lines[i] = strings.TrimRight(vttText(cue.Start-r.Start)+" --> "+vttText(cue.End-r.Start)+" "+settings, " ")
		return strings.Join(lines, "\n"), true
	}
	return block, true
}

// vttTime parses [hh:]mm:ss.ttt.
func vttTime(s string) (media.Time, bool) {
	parts := strings.Split(s, ":")
	if len(parts) < 2 || len(parts) > 3 {
		return 0, false
	}
	var ms int64
	for _, p := range parts[:len(parts)-1] {
		n, err := strconv.ParseUint(p, 10, 16)
		if err != nil {
			return 0, false
		}
		ms = ms*60 + int64(n)*60
	}
	sec, frac, ok := strings.Cut(parts[len(parts)-1], ".")
	n, err := strconv.ParseUint(sec, 10, 8)
	f, err2 := strconv.ParseUint(frac, 10, 16)
	if !ok || err != nil || err2 != nil || len(frac) != 3 {
		return 0, false
	}
	return media.FromMS((ms+int64(n))*1000 + int64(f)), true
}

func vttText(t media.Time) string {
	ms := t.MS()
	return fmt.Sprintf("%02d:%02d:%02d.%03d", ms/3_600_000, ms/60_000%60, ms/1000%60, ms%1000)
}
