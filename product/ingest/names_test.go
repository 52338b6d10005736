package ingest_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"showreel/product/ingest"
)

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

func FuzzShownFolder(f *testing.F) {
	for _, s := range []string{"a/film.mp4", "../x/y", "\x00/b", "a\u202Eb/c", strings.Repeat("é", 200) + "/x.mp4", "..../", "/"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := ingest.ShownFolder(s)
		if !utf8.ValidString(got) || strings.ContainsAny(got, "\\\x00") || strings.HasPrefix(got, "/") {
			t.Errorf("%q became %q", s, got)
		}
		for part := range strings.SplitSeq(got, "/") {
			if part == ".." || part == "." {
				t.Errorf("%q has folder %q", s, got)
			}
		}
	})
}
