package library_test

import (
	"context"
	"strings"
	"testing"

	"showreel/fault"
	"showreel/product/library"
)

// What comes in with a file is cleaned as what people type later is: PostgreSQL takes no NUL in a text at all.
func TestCreateCleansEveryText(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, w *world) {
		a, err := w.Create(ctx, library.NewAsset{Name: "nul\x00.mp4", Title: "a\x00b\r\nc", Description: "d\x00\xff", Tags: []string{"t\x00"},
			Fields: map[string]string{"k\x00": "v\x00"},
			Rights: library.Rights{Source: "s\x00\x07", Licence: "\xffL", Credit: "one\r\ntwo", Platforms: []string{"web\x00"}}})
		must(t, err)
		kept, err := w.Get(ctx, a.ID)
		must(t, err)
		for _, got := range [][2]string{{kept.Name, "nul.mp4"}, {kept.Title, "ab c"}, {kept.Source, "s"}, {kept.Licence, "\uFFFDL"}, {kept.Credit, "one two"},
			{strings.Join(kept.Platforms, ","), "web"}, {kept.Fields["k"], "v"}, {strings.Join(kept.Tags, ","), "t"}} {
			if got[0] != got[1] {
				t.Errorf("kept %q, want %q", got[0], got[1])
			}
		}
		for what, r := range map[string]library.Rights{"credit": {Credit: strings.Repeat("x", 1001)}, "platform": {Platforms: []string{strings.Repeat("x", 41)}}} {
			if _, err := w.Create(ctx, library.NewAsset{Name: "x", Rights: r}); !fault.Is(err, fault.Invalid) {
				t.Errorf("too long a %s: %v", what, err)
			}
		}
		if a, err := w.Create(ctx, library.NewAsset{Name: "...png"}); err != nil || a.Title != "...png" {
			t.Errorf("a title made of a name of dots: %q %v", a.Title, err)
		}
	})
}
