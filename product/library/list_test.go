package library_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"showreel/fault"
	"showreel/media"
	"showreel/product/library"
	"showreel/trust/access"
)

func titles(t *testing.T, ctx context.Context, w *world, q library.Query) []string {
	t.Helper()
	page, err := w.List(ctx, q)
	must(t, err)
	out := []string{}
	for _, a := range page.Items {
		out = append(out, a.Title)
	}
	return out
}

func TestSearchByName(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, w *world) {
		for n, name := range []string{"BigBuckBunny_1080p.mp4", "IMG_0042.jpg", "Ünïcode café.png", "مقابلة مع فرح.mov", "東京タワー夜景.mp4", "🎬 final CUT.mp4", "สวัสดีชาวโลก.mp4", "Straße.mov"} {
			w.add(t, ctx, name, n)
		}
		for query, want := range map[string]string{
			"bunny": "BigBuckBunny 1080p", "buck bun": "BigBuckBunny 1080p", "1080": "BigBuckBunny 1080p", "bigbuckb": "BigBuckBunny 1080p",
			"img42": "", "0042": "IMG 0042", "img0": "", "IMG": "IMG 0042", "unicode": "Ünïcode café", "CAFE": "Ünïcode café",
			"فرح": "مقابلة مع فرح", "مُقَابَلة": "مقابلة مع فرح", "タワー": "東京タワー夜景", "夜景": "東京タワー夜景", "東": "東京タワー夜景", "cut": "🎬 final CUT",
			"🎬": "*", "ชาว": "สวัสดีชาวโลก", "strasse": "Straße", "%": "*", "nothing at all": "", "bunny 0042": "", "' OR 1=1 --": "",
		} {
			got := titles(t, ctx, w, library.Query{Text: query})
			if want == "*" && len(got) == 8 {
				continue // nothing in it to search by
			}
			if (want == "" && len(got) != 0) || (want != "" && !slices.Equal(got, []string{want})) {
				t.Errorf("%q finds %q, want %q", query, got, want)
			}
		}
	})
}

func TestFilters(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, w *world) {
		for n := range 12 {
			a := w.add(t, ctx, fmt.Sprintf("clip %02d.mp4", n), n)
			info := media.Info{Kind: []media.Kind{media.Video, media.Audio, media.Image}[n%3], Duration: media.FromMS(int64(100 * (12 - n)))}
			must(t, w.SetInfo(ctx, a.Ref(), info))
			if n%2 == 0 {
				must(t, w.SetState(ctx, a.Ref(), library.Ready, nil))
				_, err := w.Patch(ctx, a.ID, library.AnyRev, library.Patch{AddTags: []string{"Even", fmt.Sprint("n", n)}})
				must(t, err)
			}
			if n == 11 {
				_, err := w.Trash(ctx, a.ID)
				must(t, err)
			}
		}
		for _, c := range []struct {
			name string
			q    library.Query
			want []string
		}{
			{"kind", library.Query{Kinds: []media.Kind{media.Image}, Sort: "title"}, []string{"clip 02", "clip 05", "clip 08"}},
			{"kinds and state", library.Query{Kinds: []media.Kind{media.Image, media.Audio}, States: []library.State{library.Ready}, Sort: "-title"}, []string{"clip 10", "clip 08", "clip 04", "clip 02"}},
			{"tag in another case", library.Query{Tags: []string{"EVEN", "n4"}}, []string{"clip 04"}},
			{"tag and text", library.Query{Tags: []string{"even"}, Text: "clip 0", Sort: "duration"}, []string{"clip 08", "clip 06", "clip 04", "clip 02", "clip 00"}},
			{"trash", library.Query{Trash: true}, []string{"clip 11"}},
			{"a tag is a word", library.Query{Text: "n10"}, []string{"clip 10"}},
			{"nothing", library.Query{Tags: []string{"none"}}, []string{}},
		} {
			if diff := cmp.Diff(c.want, titles(t, ctx, w, c.q)); diff != "" {
				t.Errorf("%s: %s", c.name, diff)
			}
		}
		stats, err := w.Stats(ctx)
		must(t, err)
		if stats.Assets != 11 || stats.Trashed != 1 || stats.Kinds["image"] != 3 || stats.States["ready"] != 6 {
			t.Errorf("stats %+v", stats)
		}
		tags, err := w.Tags(ctx, "E", 10)
		must(t, err)
		if diff := cmp.Diff([]library.TagCount{{Tag: "Even", Assets: 6}}, tags); diff != "" {
			t.Error(diff)
		}
		if got := titles(t, person(t, "other", access.RoleAdmin), w, library.Query{}); len(got) != 0 {
			t.Errorf("another tenant sees %v", got)
		}
	})
}

// Every order, paged by three while the list changes at its head, shows each asset once.
func TestPages(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, w *world) {
		want := []string{}
		for n := range 10 {
			a := w.add(t, ctx, fmt.Sprintf("same %d.mp4", n%4), 7)
			want = append(want, a.ID)
		}
		slices.Sort(want)
		for _, sort := range []string{"", "created", "-updated", "title", "-title", "duration", "-bytes"} {
			got, cursor := []string{}, ""
			for range 6 {
				page, err := w.List(ctx, library.Query{Sort: sort, Limit: 3, Cursor: cursor})
				must(t, err)
				for _, a := range page.Items {
					got = append(got, a.ID)
				}
				if cursor = page.Next; cursor == "" {
					break
				}
			}
			slices.Sort(got)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("by %q: %s", sort, diff)
			}
		}
		page, err := w.List(ctx, library.Query{Limit: 3})
		must(t, err)
		_, err = w.List(ctx, library.Query{Limit: 3, Sort: "title", Cursor: page.Next})
		wantFault(t, err, fault.Invalid, "cursor")
		_, err = w.List(ctx, library.Query{Cursor: "%%%"})
		wantFault(t, err, fault.Invalid, "cursor")
		_, err = w.List(ctx, library.Query{Sort: "size"})
		wantFault(t, err, fault.Invalid, "bad-sort")
		_, err = w.List(ctx, library.Query{States: []library.State{"odd"}})
		wantFault(t, err, fault.Invalid, "bad-state")
	})
}

func TestBulk(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, w *world) {
		a, b := w.add(t, ctx, "a.mp4", 1), w.add(t, ctx, "b.mp4", 2)
		_, err := w.Trash(ctx, b.ID)
		must(t, err)
		res, err := w.Bulk(ctx, []string{a.ID, b.ID, "nothing", a.ID}, library.Bulk{Patch: &library.Patch{AddTags: []string{"x"}}})
		must(t, err)
		codes := map[string]string{}
		for _, f := range res.Failed {
			codes[f.ID] = f.Code
		}
		if diff := cmp.Diff(map[string]string{b.ID: "in-trash", "nothing": "asset-not-found"}, codes); diff != "" || len(res.Done) != 1 {
			t.Errorf("done %v, failed %s", res.Done, diff)
		}
		for _, bad := range []library.Bulk{{}, {Trash: true, Restore: true}} {
			_, err = w.Bulk(ctx, []string{a.ID}, bad)
			wantFault(t, err, fault.Invalid, "bad-bulk")
		}
		_, err = w.Bulk(ctx, make([]string, 1001), library.Bulk{Trash: true})
		wantFault(t, err, fault.TooLarge, "too-many-assets")
	})
}
