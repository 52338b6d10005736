package library_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"showreel/engine/keys"
	"showreel/engine/keys/filekeys"
	"showreel/fault"
	"showreel/media"
	"showreel/platform/outbox"
	"showreel/platform/sqldb"
	"showreel/platform/sqldb/sqldbtest"
	"showreel/product/library"
	"showreel/trust/access"
	"showreel/trust/audit"
)

// world is a library with what it stands on.
type world struct {
	*library.Service
	db     *sqldb.DB
	out    *outbox.Outbox
	access *access.Service
	audit  *audit.Log
	files  *files
}

// files notes what the library erases.
type files struct{ erased []string }

func (f *files) Erase(_ context.Context, store, key string) error {
	f.erased = append(f.erased, store+":"+key)
	return nil
}

func schemas() []sqldb.Schema {
	return []sqldb.Schema{outbox.Schema(), audit.Schema(), access.Schema(), library.Schema()}
}

func newWorld(t testing.TB, db *sqldb.DB) *world {
	t.Helper()
	driver, err := filekeys.Open(t.TempDir())
	must(t, err)
	w := &world{db: db, out: outbox.New(db), audit: audit.New(db, keys.New(driver)), files: &files{}}
	w.access, err = access.New(access.Deps{DB: db, Audit: w.audit, Cost: access.PasswordCost{MemoryKiB: 64, Passes: 1, Lanes: 1}, Rooms: []string{"library"}})
	must(t, err)
	t.Cleanup(w.access.Close)
	w.Service = library.New(library.Deps{DB: db, Outbox: w.out, Access: w.access, Audit: w.audit, Files: w.files, Grace: time.Nanosecond})
	return w
}

func each(t *testing.T, fn func(t *testing.T, ctx context.Context, w *world)) {
	sqldbtest.Each(t, schemas(), func(t *testing.T, db *sqldb.DB) { fn(t, system(t), newWorld(t, db)) })
}

func system(t testing.TB) context.Context {
	return access.With(t.Context(), access.System(access.MainTenant))
}

func person(t testing.TB, tenant, role string) context.Context {
	return access.With(t.Context(), access.Who{Tenant: tenant, ID: "u-" + role, Name: role, Kind: access.KindUser, Roles: []string{role}})
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantFault(t testing.TB, err error, kind fault.Kind, code string) {
	t.Helper()
	if !fault.Is(err, kind) || (code != "" && fault.CodeOf(err) != code) {
		t.Fatalf("got %v (%s, %s), want %s %s", err, fault.KindOf(err), fault.CodeOf(err), kind, code)
	}
}

func sha(n int) string { return fmt.Sprintf("%064x", n) }

func original(n int) *library.VersionIn {
	return &library.VersionIn{SHA256: sha(n), Key: fmt.Sprintf("main/src/00/%s", sha(n)), Bytes: int64(1000 + n), Info: film()}
}

func film() media.Info {
	return media.Info{Kind: media.Video, Format: "mov,mp4", Duration: 10 * media.Second, Streams: []media.Stream{
		{Type: "video", Codec: "h264", Width: 1920, Height: 1080, SAR: [2]int{1, 1}, Rotate: 90, Rate: media.Rate{Num: 30000, Den: 1001}},
	}}
}

func (w *world) add(t testing.TB, ctx context.Context, name string, n int) library.Asset {
	t.Helper()
	a, err := w.Create(ctx, library.NewAsset{Name: name, Original: original(n)})
	must(t, err)
	return a
}

func (w *world) events(t testing.TB) []string {
	t.Helper()
	list, err := w.out.Since(t.Context(), access.MainTenant, 0, 1000)
	must(t, err)
	var out []string
	for _, e := range list {
		out = append(out, e.Name)
	}
	return out
}

func TestCreateAndVersions(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, w *world) {
		a := w.add(t, ctx, "../../My_Film.mov", 1)
		if a.Name != "My_Film.mov" || a.Title != "My Film" || a.Version != 1 || a.State != library.Received {
			t.Errorf("made %+v", a)
		}
		if a.Kind != media.Video || a.Width != 1080 || a.Height != 1920 || a.DurationMS != 10_000 {
			t.Errorf("measured %s %dx%d %d ms", a.Kind, a.Width, a.Height, a.DurationMS)
		}
		must(t, w.SetState(ctx, a.Ref(), library.Ready, nil))
		must(t, w.PutRendition(ctx, a.Ref(), library.Rendition{Name: "v1080-avc", Role: "rung", Key: "main/r/1", Height: 1080, State: library.RenditionReady}))

		v, err := w.AddVersion(ctx, a.ID, library.VersionIn{SHA256: sha(2), Key: "main/src/00/" + sha(2), Name: "cut 2.mp4", Bytes: 5})
		must(t, err)
		got, err := w.Get(ctx, a.ID)
		must(t, err)
		if v.Number != 2 || got.Version != 2 || got.Published != 1 || got.State != library.Received || got.SHA256 != sha(2) {
			t.Errorf("version %d, asset %+v", v.Number, got)
		}
		must(t, w.SetState(ctx, got.Ref(), library.Failed, fault.Say("probe", "x", fault.Invalid, "no-moov", "The file is cut off.")))
		must(t, w.SetState(ctx, a.At(1), library.Ready, nil)) // an old run that ends late
		got, err = w.Get(ctx, a.ID)
		must(t, err)
		if got.State != library.Failed || got.Published != 1 || got.Error == nil || got.Error.Code != "no-moov" {
			t.Errorf("an old version's run changed the asset: %+v", got)
		}
		old, err := w.Renditions(ctx, a.At(1))
		must(t, err)
		if len(old) != 1 || old[0].Name != "v1080-avc" {
			t.Errorf("the old version's renditions are %+v", old)
		}
		versions, err := w.Versions(ctx, a.ID)
		must(t, err)
		if len(versions) != 2 || versions[0].Number != 2 || versions[1].SHA256 != sha(1) || versions[1].Info.Format != "mov,mp4" {
			t.Errorf("versions %+v", versions)
		}
		_, err = w.Renditions(ctx, a.At(9))
		wantFault(t, err, fault.NotFound, "version-not-found")
		wantFault(t, w.SetState(ctx, a.Ref(), library.Trashed, nil), fault.Invalid, "bad-state")
	})
}

func TestDuplicates(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, w *world) {
		a, b := w.add(t, ctx, "a.mp4", 1), w.add(t, ctx, "b.mp4", 1)
		w.add(t, ctx, "c.mp4", 2)
		same, err := w.BySHA256(ctx, sha(1))
		must(t, err)
		if len(same) != 2 || same[0].ID != a.ID || same[1].ID != b.ID {
			t.Errorf("duplicates %+v", same)
		}
		_, err = w.Trash(ctx, a.ID)
		must(t, err)
		if same, err = w.BySHA256(ctx, sha(1)); err != nil || len(same) != 1 {
			t.Errorf("%d duplicates, one in the trash, %v", len(same), err)
		}
		other := access.With(t.Context(), access.System("other"))
		if same, err = w.BySHA256(other, sha(1)); err != nil || len(same) != 0 {
			t.Errorf("duplicates are seen across tenants: %v, %v", same, err)
		}
	})
}

func TestPatch(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, w *world) {
		a := w.add(t, ctx, "a.mp4", 1)
		editor := person(t, access.MainTenant, access.RoleEditor)
		title, desc := "  שלום \u202e world 🎬 ", "line 1\r\nline 2\x00"
		b, err := w.Patch(editor, a.ID, a.Rev, library.Patch{Title: &title, Description: &desc, AddTags: []string{"Été", "ÉTÉ", " sea "}, SetFields: map[string]string{"Shoot": "7"}})
		must(t, err)
		if b.Title != "שלום \u202e world 🎬" || b.Description != "line 1\nline 2" || b.Rev != a.Rev+1 {
			t.Errorf("title %q, description %q, rev %d", b.Title, b.Description, b.Rev)
		}
		if diff := cmp.Diff([]string{"Été", "sea"}, b.Tags); diff != "" {
			t.Error(diff)
		}
		_, err = w.Patch(editor, a.ID, a.Rev, library.Patch{Title: &title})
		wantFault(t, err, fault.Stale, "")
		same, err := w.Patch(editor, a.ID, b.Rev, library.Patch{RemoveTags: []string{"nothing"}})
		must(t, err)
		if same.Rev != b.Rev {
			t.Error("a patch that changes nothing raised the revision")
		}
		must(t, w.SetState(ctx, a.Ref(), library.Ready, nil))
		c, err := w.Patch(editor, a.ID, b.Rev, library.Patch{SetFields: map[string]string{"Shoot": ""}, Tags: &[]string{}})
		must(t, err) // processing meanwhile does not make a person's edit stale
		if len(c.Fields) != 0 || len(c.Tags) != 0 || c.State != library.Ready {
			t.Errorf("patched %+v", c)
		}
		long := strings.Repeat("x", 301)
		_, err = w.Patch(editor, a.ID, library.AnyRev, library.Patch{Title: &long})
		wantFault(t, err, fault.Invalid, "too-long")
		_, err = w.Patch(editor, a.ID, library.AnyRev, library.Patch{Territories: &[]string{"germany"}})
		wantFault(t, err, fault.Invalid, "bad-territory")
		_, err = w.Patch(person(t, access.MainTenant, access.RoleViewer), a.ID, library.AnyRev, library.Patch{})
		wantFault(t, err, fault.Denied, "denied-default-deny")
		_, err = w.Patch(person(t, "other", access.RoleAdmin), a.ID, library.AnyRev, library.Patch{})
		wantFault(t, err, fault.NotFound, "asset-not-found")
	})
}

func TestTrashRestorePurge(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, w *world) {
		a, twin := w.add(t, ctx, "a.mp4", 1), w.add(t, ctx, "twin.mp4", 1)
		lone := w.add(t, ctx, "lone.mp4", 2)
		forgotten := ""
		w.AlsoForget(func(_ context.Context, _ *sqldb.Tx, ref media.Ref) error { forgotten = ref.Asset; return nil })
		must(t, w.SetState(ctx, a.Ref(), library.Processing, nil))
		got, err := w.Trash(ctx, a.ID)
		must(t, err)
		if got.State != library.Trashed {
			t.Errorf("in the trash it is %s", got.State)
		}
		must(t, w.SetState(ctx, a.Ref(), library.Ready, nil)) // its job ends meanwhile
		_, err = w.Patch(ctx, a.ID, library.AnyRev, library.Patch{AddTags: []string{"x"}})
		wantFault(t, err, fault.Conflict, "in-trash")
		wantFault(t, w.Usable(ctx, a.ID, "", "", 1), fault.Gone, "in-trash")
		got, err = w.Restore(ctx, a.ID)
		must(t, err)
		if got.State != library.Ready || got.TrashedMS != 0 {
			t.Errorf("restored as %+v", got)
		}
		wantFault(t, w.Purge(ctx, a.ID), fault.Conflict, "not-in-trash")
		for _, id := range []string{a.ID, lone.ID} {
			_, err = w.Trash(ctx, id)
			must(t, err)
			wantFault(t, w.Purge(person(t, access.MainTenant, access.RoleEditor), id), fault.Denied, "")
			must(t, w.Purge(ctx, id))
		}
		if forgotten != lone.ID {
			t.Error("the other rooms were not asked to forget")
		}
		_, err = w.Get(ctx, a.ID)
		wantFault(t, err, fault.NotFound, "asset-not-found")
		time.Sleep(2 * time.Millisecond)
		must(t, w.Sweep(ctx))
		erased := strings.Join(w.files.erased, " ")
		if strings.Contains(erased, sha(1)) || !strings.Contains(erased, "raw:main/src/00/"+sha(2)) || !strings.Contains(erased, "processed:main/r/"+a.ID+"/") {
			t.Errorf("erased %s", erased)
		}
		if _, err := w.Get(ctx, twin.ID); err != nil {
			t.Error(err)
		}
		want := []string{"asset.created", "asset.created", "asset.created", "asset.trashed", "asset.restored", "asset.trashed", "asset.purged", "asset.trashed", "asset.purged"}
		if diff := cmp.Diff(want, w.events(t)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestAnOriginalThatComesAgainIsKept(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, w *world) {
		a := w.add(t, ctx, "a.mp4", 1)
		_, err := w.Trash(ctx, a.ID)
		must(t, err)
		must(t, w.Purge(ctx, a.ID))
		w.add(t, ctx, "again.mp4", 1)
		time.Sleep(2 * time.Millisecond)
		must(t, w.Sweep(ctx))
		if erased := strings.Join(w.files.erased, " "); strings.Contains(erased, sha(1)) {
			t.Errorf("erased %s", erased)
		}
	})
}

func TestCollections(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, w *world) {
		a, b := w.add(t, ctx, "a.mp4", 1), w.add(t, ctx, "b.mp4", 2)
		c, err := w.CreateCollection(ctx, "Été 2024", "")
		must(t, err)
		_, err = w.CreateCollection(ctx, "ÉTÉ 2024", "")
		wantFault(t, err, fault.Conflict, "name-taken")
		c, err = w.AddToCollection(ctx, c.ID, []string{a.ID, b.ID, a.ID})
		must(t, err)
		if c.Assets != 2 {
			t.Errorf("%d members, want 2", c.Assets)
		}
		_, err = w.AddToCollection(ctx, c.ID, []string{"nothing"})
		wantFault(t, err, fault.NotFound, "asset-not-found")
		_, err = w.Trash(ctx, b.ID)
		must(t, err)
		page, err := w.List(ctx, library.Query{Collection: c.ID})
		must(t, err)
		if len(page.Items) != 1 || page.Items[0].ID != a.ID {
			t.Errorf("in the collection: %+v", page.Items)
		}
		name := "Summer"
		_, err = w.UpdateCollection(ctx, c.ID, c.Rev+1, &name, nil)
		wantFault(t, err, fault.Stale, "")
		c, err = w.UpdateCollection(ctx, c.ID, c.Rev, &name, nil)
		must(t, err)
		c, err = w.RemoveFromCollection(ctx, c.ID, []string{a.ID})
		must(t, err)
		if c.Name != "Summer" || c.Assets != 0 {
			t.Errorf("%+v", c)
		}
		_, err = w.Collection(person(t, "other", access.RoleAdmin), c.ID)
		wantFault(t, err, fault.NotFound, "collection-not-found")
		must(t, w.DeleteCollection(ctx, c.ID))
		if _, err := w.Get(ctx, a.ID); err != nil {
			t.Error("deleting a collection deleted an asset", err)
		}
	})
}

func TestLedgerAndExport(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, w *world) {
		a := w.add(t, ctx, "a.mp4", 1)
		entry := library.LedgerEntry{Output: "main/r/x", Inputs: []string{"sha256:" + sha(1), "template:web@1"}, Tool: "ffmpeg 5.1", Settings: map[string]any{"crf": 21.0}}
		must(t, w.Record(ctx, a.Ref(), entry))
		must(t, w.Record(ctx, a.Ref(), entry)) // a repeated step
		got, err := w.Ledger(ctx, a.ID)
		must(t, err)
		if len(got) != 1 || got[0].Tool != "ffmpeg 5.1" || len(got[0].Inputs) != 2 || got[0].Settings["crf"] != 21.0 {
			t.Errorf("ledger %+v", got)
		}
		used, err := w.UsedBy(ctx, "template:web@1")
		must(t, err)
		if len(used) != 1 || used[0].Asset != a.ID {
			t.Errorf("used by %+v", used)
		}
		must(t, w.PutAnnotations(ctx, a.Ref(), media.TrackShot, "run", []media.Annotation{{Range: media.Range{End: media.Second}, Model: "scdet"}}))
		all, err := w.Export(ctx, a.ID)
		must(t, err)
		if all.Asset.ID != a.ID || len(all.Versions) != 1 || len(all.Annotations) != 1 || len(all.Ledger) != 1 {
			t.Errorf("export %+v", all)
		}
	})
}

func TestChangesStandOrFallWithTheCallers(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, w *world) {
		err := w.db.Write(ctx, func(tx *sqldb.Tx) error {
			if _, err := w.InTx(tx).Create(ctx, library.NewAsset{Name: "a.mp4", Original: original(1)}); err != nil {
				return err
			}
			return fault.E("test", "", fault.Conflict, nil)
		})
		wantFault(t, err, fault.Conflict, "")
		page, err := w.List(ctx, library.Query{})
		must(t, err)
		if len(page.Items) != 0 || len(w.events(t)) != 0 {
			t.Errorf("%d assets and %d events of a change that was undone", len(page.Items), len(w.events(t)))
		}
	})
}

func TestEraseAPerson(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, w *world) {
		editor := person(t, access.MainTenant, access.RoleEditor)
		a := w.add(t, editor, "a.mp4", 1)
		must(t, w.Erase(ctx, "u-editor"))
		got, err := w.Get(ctx, a.ID)
		must(t, err)
		if got.CreatedBy != "erased" {
			t.Errorf("made by %q", got.CreatedBy)
		}
	})
}
