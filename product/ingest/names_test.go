package ingest_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"showreel/product/ingest"
)

func TestShownName(t *testing.T) {
	for in, want := range map[string]string{
		"film.mp4":                        "film.mp4",
		"../../etc/passwd":                "passwd",
		`C:\clips\film.mov`:               "film.mov",
		"a\x00b.mp4":                      "ab.mp4",
		"evil\u202Egpj.exe":               "evilgpj.exe",
		"🎬 مرحبا.mp4":                     "🎬 مرحبا.mp4",
		"..":                              "unnamed",
		"":                                "unnamed",
		"  spaced .mp4 ":                  "spaced .mp4",
		"bad\xff.mp4":                     "bad\uFFFD.mp4",
		strings.Repeat("x", 300) + ".mp4": strings.Repeat("x", 251) + ".mp4",
	} {
		if got := ingest.ShownName(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

func TestShownFolder(t *testing.T) {
	for in, want := range map[string]string{
		"trip/day 1/film.mp4": "trip/day 1",
		"film.mp4":            "",
		"/../x/./y/f.mp4":     "x/y",
		`a\b\f.mp4`:           "a/b",
	} {
		if got := ingest.ShownFolder(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

func FuzzShownName(f *testing.F) {
	for _, s := range []string{"film.mp4", "../x", "\x00", "a\u202Eb", strings.Repeat("é", 200) + ".mp4", "....", "/"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := ingest.ShownName(s)
		if got == "" || got == "." || got == ".." || len(got) > 255 || !utf8.ValidString(got) || strings.ContainsAny(got, "/\\\x00") {
			t.Errorf("%q became %q", s, got)
		}
		if again := ingest.ShownName(got); again != got {
			t.Errorf("not stable: %q, then %q", got, again)
		}
		for part := range strings.SplitSeq(ingest.ShownFolder(s), "/") {
			if part == ".." || part == "." {
				t.Errorf("%q has folder %q", s, ingest.ShownFolder(s))
			}
		}
	})
}
