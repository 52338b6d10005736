package library_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"showreel/media"
	"showreel/platform/sqldb"
	"showreel/platform/sqldb/sqldbtest"
	"showreel/product/library"
)

const benchAssets = 100_000

var benchWords = []string{"harbour", "bridge", "sunrise", "interview", "festival", "drone", "street", "market", "forest", "river",
	"concert", "goal", "press", "studio", "trailer", "episode", "promo", "behind", "scenes", "night", "winter", "city", "ocean",
	"mountain", "airport", "kitchen", "wedding", "match", "parade", "museum", "東京", "夜景", "مقابلة", "café", "straße"}

var benchCameras = []string{"ARRI Alexa 35", "Sony Venice", "RED Komodo", "Blackmagic URSA", "Canon C300"}

// multiply copies what fill made until there are n assets: the database is the fastest writer of itself.
func multiply(b *testing.B, ctx context.Context, w *world, have, n int) {
	b.Helper()
	for k := 1; k*have < n; k++ {
		must(b, w.db.Write(ctx, func(tx *sqldb.Tx) error {
			suffix := fmt.Sprintf("-%d", k)
			for _, q := range []string{
				`INSERT INTO library_assets SELECT id || $1, tenant, kind, name, title, title_key || $1, description, tags, fields, source,
				 licence, credit, territories, platforms, from_ms, to_ms, state, version, published, duration_ms + $2, width, height,
				 bytes + $2, sha256, created_ms + $2, updated_ms + $2, trashed_ms, bin, created_by, rev, error
				 FROM library_assets WHERE length(id) = 36`,
				`INSERT INTO library_tags SELECT tenant, tag, label, asset || $1 FROM library_tags WHERE length(asset) = 36 AND $2 > 0`,
				`INSERT INTO library_terms SELECT tenant, term, asset || $1 FROM library_terms WHERE length(asset) = 36 AND $2 > 0`,
				`INSERT INTO library_members SELECT collection, asset || $1, tenant, added_ms + $2 FROM library_members WHERE length(asset) = 36`,
			} {
				if _, err := tx.ExecContext(ctx, q, suffix, k*977); err != nil {
					return err
				}
			}
			return nil
		}))
	}
}

// fill makes a library of n assets whose words, tags, kinds and states are as uneven as those of real ones.
func fill(b *testing.B, ctx context.Context, w *world, n int) (collection string) {
	b.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	c, err := w.CreateCollection(ctx, "Bench", "")
	must(b, err)
	word := func() string { return benchWords[int(float64(len(benchWords))*r.Float64()*r.Float64())] }
	kinds := []media.Kind{media.Video, media.Video, media.Video, media.Image, media.Image, media.Audio, media.Text}
	for at := 0; at < n; at += 500 {
		must(b, w.db.Write(ctx, func(tx *sqldb.Tx) error {
			lib := w.InTx(tx)
			for i := at; i < min(at+500, n); i++ {
				a, err := lib.Create(ctx, library.NewAsset{
					Name:  fmt.Sprintf("%s_%s_%06d.mp4", word(), word(), i),
					Title: fmt.Sprintf("%s %s %s %d", word(), word(), word(), i), Tags: []string{word(), fmt.Sprintf("shoot-%d", i%130)},
					Fields:      map[string]string{"camera": benchCameras[r.IntN(len(benchCameras))], "reel": fmt.Sprintf("reel-%d", i%977)},
					Description: "Footage of the " + word() + " with " + word() + " for the archive, graded and ready to cut.",
					Original: &library.VersionIn{SHA256: sha(i), Key: "main/src/" + sha(i), Bytes: r.Int64N(1 << 34), Info: media.Info{
						Kind: kinds[r.IntN(len(kinds))], Duration: media.FromMS(r.Int64N(7_200_000))}},
				})
				if err != nil {
					return err
				}
				state := library.Ready
				if x := r.IntN(1000); x < 5 {
					state = library.Failed
				} else if x < 20 {
					state = library.Held
				}
				if err := lib.SetState(ctx, a.Ref(), state, nil); err != nil {
					return err
				}
				if i%200 == 0 {
					if _, err := lib.AddToCollection(ctx, c.ID, []string{a.ID}); err != nil {
						return err
					}
				}
			}
			return nil
		}))
	}
	return c.ID
}

// BenchmarkList reports the 95th percentile of listing and filtering 100,000 assets, for each query and for all.
func BenchmarkList(b *testing.B) {
	ctx := system(b)
	w := newWorld(b, sqldbtest.SQLite(b, schemas()...))
	began := time.Now()
	collection := fill(b, ctx, w, benchAssets/25)
	multiply(b, ctx, w, benchAssets/25, benchAssets)
	fmt.Printf("filled with %d assets in %v\n", benchAssets, time.Since(began))
	deep, err := w.List(ctx, library.Query{Limit: 500})
	must(b, err)
	cases := []struct {
		name string
		q    library.Query
	}{
		{"newest", library.Query{}},
		{"next page", library.Query{Cursor: deep.Next}},
		{"by title", library.Query{Sort: "title"}},
		{"longest", library.Query{Sort: "-duration"}},
		{"kind", library.Query{Kinds: []media.Kind{media.Image}}},
		{"kinds by title", library.Query{Kinds: []media.Kind{media.Audio, media.Text}, Sort: "title"}},
		{"failed", library.Query{States: []library.State{library.Failed}}},
		{"failed by title", library.Query{States: []library.State{library.Failed}, Sort: "title"}},
		{"held images by size", library.Query{States: []library.State{library.Held}, Kinds: []media.Kind{media.Image}, Sort: "-bytes"}},
		{"common word", library.Query{Text: "harbour"}},
		{"common start", library.Query{Text: "s"}},
		{"rare word", library.Query{Text: "straße"}},
		{"number", library.Query{Text: "00421"}},
		{"two words", library.Query{Text: "harbour museum"}},
		{"three words", library.Query{Text: "river street forest"}},
		{"custom field", library.Query{Text: "reel 421"}},
		{"no such word", library.Query{Text: "zebra"}},
		{"word and kind by title", library.Query{Text: "bridge", Kinds: []media.Kind{media.Audio}, Sort: "title"}},
		{"common tag", library.Query{Tags: []string{"harbour"}}},
		{"rare tag", library.Query{Tags: []string{"shoot-17"}}},
		{"two tags", library.Query{Tags: []string{"harbour", "shoot-18"}}},
		{"collection", library.Query{Collection: collection}},
		{"collection and word", library.Query{Collection: collection, Text: "bridge"}},
		{"rare word, common tag, kind", library.Query{Text: "museum", Tags: []string{"bridge"}, Kinds: []media.Kind{media.Text}}},
		{"trash", library.Query{Trash: true}},
	}
	var all []time.Duration
	for b.Loop() {
		for _, c := range cases {
			var each []time.Duration
			for range 20 {
				start := time.Now()
				page, err := w.List(ctx, c.q)
				each = append(each, time.Since(start))
				must(b, err)
				_ = page
			}
			all = append(all, each...)
			fmt.Printf("%-28s p95 %8.2f ms\n", c.name, p95(each))
		}
		start := time.Now()
		_, err := w.Stats(ctx)
		must(b, err)
		fmt.Printf("%-28s     %8.2f ms\n", "stats", float64(time.Since(start).Microseconds())/1000)
		start = time.Now()
		_, err = w.Tags(ctx, "", 0)
		must(b, err)
		fmt.Printf("%-28s     %8.2f ms\n", "tags", float64(time.Since(start).Microseconds())/1000)
	}
	b.ReportMetric(p95(all), "p95-ms")
}

// p95 is the 95th percentile in milliseconds.
func p95(all []time.Duration) float64 {
	slices.Sort(all)
	return float64(all[len(all)*95/100].Microseconds()) / 1000
}
