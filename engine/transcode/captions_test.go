package transcode_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"showreel/engine/transcode"
	"showreel/fault"
	"showreel/media"
)

func TestReadCaptions(t *testing.T) {
	cue := func(from, to int64, text string) transcode.Cue {
		return transcode.Cue{Range: media.Range{Start: media.FromMS(from), End: media.FromMS(to)}, Text: text}
	}
	tests := map[string]struct {
		name, in string
		want     []transcode.Cue
		warnings int
	}{
		"srt":            {"a.srt", "1\r\n00:00:01,000 --> 00:00:02,000\r\nHello <b>you</b>\r\n\r\n2\r\n00:00:03,000 --> 00:00:04,500\r\ntwo\r\nrows\r\n", []transcode.Cue{cue(1000, 2000, "Hello you"), cue(3000, 4500, "two\nrows")}, 0},
		"srt with mark":  {"a.srt", "\ufeff1\n00:00:01,000 --> 00:00:02,000\nÄ\n", []transcode.Cue{cue(1000, 2000, "Ä")}, 0},
		"vtt":            {"a.vtt", "WEBVTT\n\nNOTE no cue\n\nid\n00:01.000 --> 00:02.000 align:left\n<v Ann>Hi &amp; bye\n", []transcode.Cue{cue(1000, 2000, "Hi & bye")}, 0},
		"ass":            {"a.ass", "[Script Info]\nScriptType: v4.00+\n\n[Events]\nFormat: Layer, Start, End, Style, Text\nDialogue: 0,0:00:01.00,0:00:02.50,Default,{\\i1}Hi{\\i0}\\Nthere\n", []transcode.Cue{cue(1000, 2500, "Hi\nthere")}, 0},
		"ttml":           {"a.ttml", `<?xml version="1.0"?><tt xmlns="http://www.w3.org/ns/ttml" xml:lang="en"><body><div><p begin="00:00:01.000" end="00:00:02.000">Hello</p></div></body></tt>`, []transcode.Cue{cue(1000, 2000, "Hello")}, 0},
		"backwards":      {"a.srt", "1\n00:00:05,000 --> 00:00:02,000\nno\n\n2\n00:00:06,000 --> 00:00:07,000\nyes\n", []transcode.Cue{cue(6000, 7000, "yes")}, 1},
		"overlap, order": {"a.srt", "1\n00:00:06,000 --> 00:00:07,000\nb\n\n2\n00:00:05,000 --> 00:00:06,500\na\n", []transcode.Cue{cue(5000, 6500, "a"), cue(6000, 7000, "b")}, 1},
		"utf-16":         {"a.srt", utf16le("1\n00:00:01,000 --> 00:00:02,000\nHi\n"), []transcode.Cue{cue(1000, 2000, "Hi")}, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c, err := transcode.ReadCaptions(tt.name, []byte(tt.in))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, c.Cues); d != "" {
				t.Error(d)
			}
			if len(c.Warnings) != tt.warnings {
				t.Errorf("warnings %q", c.Warnings)
			}
		})
	}
}

func utf16le(s string) string {
	out := "\xff\xfe"
	for _, c := range s {
		out += string([]byte{byte(c), byte(c >> 8)})
	}
	return out
}

func TestReadCaptionsRefuses(t *testing.T) {
	tests := map[string]struct {
		name, in string
		kind     fault.Kind
		code     string
	}{
		"another kind": {"a.stl", "x", fault.Unsupported, "captions-format"},
		"binary":       {"a.srt", "\x00\x01\x02\xff", fault.Invalid, "bad-captions"},
		"no cue":       {"a.srt", "hello\n", fault.Invalid, "bad-captions"},
		"broken xml":   {"a.ttml", "<tt><body", fault.Invalid, "bad-captions"},
		"too large":    {"a.srt", strings.Repeat("x", transcode.MaxCaptionBytes+1), fault.TooLarge, "captions-too-large"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := transcode.ReadCaptions(tt.name, []byte(tt.in))
			if !fault.Is(err, tt.kind) || fault.CodeOf(err) != tt.code {
				t.Errorf("got %v", err)
			}
		})
	}
}

// FuzzReadCaptions: no input panics, and what is written reads back as the same cues.
func FuzzReadCaptions(f *testing.F) {
	for i, s := range []string{
		"1\n00:00:01,000 --> 00:00:02,000\nHello\n", "WEBVTT\n\n00:01.000 --> 00:02.000\nHi\n",
		"[Events]\nFormat: Start, End, Text\nDialogue: 0:00:01.00,0:00:02.50,Hi\n", `<tt xmlns="http://www.w3.org/ns/ttml"><body><div><p begin="1s" end="2s">a</p></div></body></tt>`,
	} {
		f.Add(i, s)
	}
	names := []string{"a.srt", "a.vtt", "a.ass", "a.ttml"}
	f.Fuzz(func(t *testing.T, kind int, s string) {
		c, err := transcode.ReadCaptions(names[uint(kind)%4], []byte(s))
		if err != nil {
			return
		}
		out := c.WebVTT()
		if !utf8.Valid(out) {
			t.Fatal("not UTF-8")
		}
		for i, q := range c.Cues {
			if q.Text == "" || q.Range.Empty() || i > 0 && q.Range.Start < c.Cues[i-1].Range.Start {
				t.Fatalf("cue %+v", q)
			}
		}
		again, err := transcode.ReadCaptions("b.vtt", out)
		if err != nil || len(again.Cues) != len(c.Cues) {
			t.Fatalf("wrote %d cues, read %d: %v\n%s", len(c.Cues), len(again.Cues), err, out)
		}
	})
}
