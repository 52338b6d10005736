package quality_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"showreel/engine/blob"
	"showreel/engine/blob/fileblob"
	"showreel/engine/keys"
	"showreel/engine/keys/filekeys"
	"showreel/engine/transcode"
	"showreel/fault"
	"showreel/media"
	"showreel/platform/outbox"
	"showreel/platform/sqldb"
	"showreel/platform/sqldb/sqldbtest"
	"showreel/product/library"
	"showreel/product/quality"
	"showreel/trust/access"
	"showreel/trust/audit"
)

type room struct {
	*quality.Service
	lib    *library.Service
	events *outbox.Outbox
	files  *blob.Store
	db     *sqldb.DB
}

func open(t *testing.T, db *sqldb.DB) room {
	t.Helper()
	dir := t.TempDir()
	kd, err := filekeys.Open(filepath.Join(dir, "keys"))
	if err != nil {
		t.Fatal(err)
	}
	trail := audit.New(db, keys.New(kd))
	acc, err := access.New(access.Deps{DB: db, Audit: trail})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(acc.Close)
	bd, err := fileblob.Open(filepath.Join(dir, "blobs"))
	if err != nil {
		t.Fatal(err)
	}
	events, files := outbox.New(db), blob.New(bd, "processed")
	lib := library.New(library.Deps{DB: db, Outbox: events, Access: acc, Audit: trail})
	return room{quality.New(quality.Deps{DB: db, Outbox: events, Access: acc, Audit: trail, Library: lib, Files: files}), lib, events, files, db}
}

func as(t *testing.T, role string) context.Context {
	return access.With(t.Context(), access.Who{Tenant: "main", ID: "u-" + role, Kind: access.KindUser, Roles: []string{role}})
}

func TestFindingsBlockUntilWaived(t *testing.T) {
	schemas := []sqldb.Schema{outbox.Schema(), audit.Schema(), access.Schema(), library.Schema(), quality.Schema()}
	sqldbtest.Each(t, schemas, func(t *testing.T, db *sqldb.DB) {
		r := open(t, db)
		system := access.With(t.Context(), access.System("main"))
		sha := strings.Repeat("a", 64)
		a, err := r.lib.Create(as(t, access.RoleEditor), library.NewAsset{Kind: media.Video, Name: "x.mp4", Original: &library.VersionIn{SHA256: sha, Key: "main/src/aa/" + sha, Bytes: 1}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.files.Put(system, "main/x/a/1/frame/22.jpg", strings.NewReader("jpeg"), blob.PutOptions{Size: 4}); err != nil {
			t.Fatal(err)
		}
		ev := good()
		ev.Spans = []transcode.Span{{Kind: "black", Start: sec(20), End: sec(24)}}
		ev.Stills = map[int64]string{22: "main/x/a/1/frame/22.jpg"}
		blocked, err := r.Inspect(system, a.Ref(), "broadcast", "run-1", ev)
		if err != nil || len(blocked) != 1 || !strings.Contains(blocked[0], "black for 4.0 s") {
			t.Fatalf("blocked %v, %v", blocked, err)
		}
		list, err := r.Findings(as(t, access.RoleViewer), a.ID, 0)
		if err != nil || len(list) != 1 || list[0].StartMS != 20_000 || list[0].EndMS != 24_000 || list[0].Thumb == "" {
			t.Fatalf("findings %+v, %v", list, err)
		}
		if pic, n, err := r.Thumb(as(t, access.RoleViewer), list[0].ID); err != nil || n != 4 || pic.Close() != nil {
			t.Errorf("thumbnail: %d bytes, %v", n, err)
		}
		if _, err := r.Waive(as(t, access.RoleViewer), list[0].ID, "an artistic pause"); fault.KindOf(err) != fault.Denied {
			t.Errorf("a viewer waives: %v", err)
		}
		if _, err := r.Waive(as(t, access.RoleEditor), list[0].ID, " "); fault.CodeOf(err) != "no-reason" {
			t.Errorf("without a reason: %v", err)
		}
		f, err := r.Waive(as(t, access.RoleEditor), list[0].ID, "an artistic pause")
		if err != nil || f.State != quality.Waived || f.WaivedBy != "u-editor" {
			t.Fatalf("waive: %+v, %v", f, err)
		}
		if _, err := r.Waive(as(t, access.RoleEditor), list[0].ID, "again"); fault.CodeOf(err) != "waived" {
			t.Errorf("twice: %v", err)
		}
		if blocked, err := r.Blocked(system, a.Ref()); err != nil || len(blocked) != 0 {
			t.Errorf("still blocked: %v %v", blocked, err)
		}
		// The waiver lasts where the same thing is found again, and the timeline shows it once.
		if blocked, err := r.Inspect(system, a.Ref(), "broadcast", "run-2", ev); err != nil || len(blocked) != 0 {
			t.Errorf("found again: %v %v", blocked, err)
		}
		notes, err := r.lib.Annotations(as(t, access.RoleViewer), a.Ref(), media.TrackFinding)
		if err != nil || len(notes) != 1 {
			t.Errorf("timeline: %v %v", notes, err)
		}
		tellsOf(t, r, "finding.written", "finding.waived")
		if _, err := r.Findings(access.With(t.Context(), access.Who{Tenant: "other", ID: "u", Kind: access.KindUser, Roles: []string{access.RoleAdmin}}), a.ID, 0); fault.KindOf(err) != fault.NotFound {
			t.Errorf("another tenant reads findings: %v", err)
		}
		if err := db.Write(system, func(tx *sqldb.Tx) error { return r.Forget(system, tx, a.Ref()) }); err != nil {
			t.Fatal(err)
		}
		if list, err := r.Findings(as(t, access.RoleViewer), a.ID, 0); err != nil || len(list) != 0 {
			t.Errorf("forgotten: %v %v", list, err)
		}
	})
}

func tellsOf(t *testing.T, r room, names ...string) {
	t.Helper()
	events, err := r.events.Since(t.Context(), "main", 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]bool{}
	for _, e := range events {
		told[e.Name] = true
	}
	for _, n := range names {
		if !told[n] {
			t.Errorf("no event %s", n)
		}
	}
}

func TestLateCaptionsAreJudged(t *testing.T) {
	r := open(t, sqldbtest.SQLite(t, outbox.Schema(), audit.Schema(), access.Schema(), library.Schema(), quality.Schema()))
	system := access.With(t.Context(), access.System("main"))
	sha := strings.Repeat("b", 64)
	a, err := r.lib.Create(system, library.NewAsset{Name: "x.mp4", Original: &library.VersionIn{SHA256: sha, Key: "main/src/bb/" + sha, Bytes: 1, Info: media.Info{Kind: media.Video, Duration: sec(10)}}})
	if err != nil {
		t.Fatal(err)
	}
	fast := "WEBVTT\n\n00:00:01.000 --> 00:00:01.500\nThis is far too much to read in half a second.\n"
	for range 2 {
		if err := r.Captions(system, a.Ref(), "", "t-en-person", fast); err != nil {
			t.Fatal(err)
		}
	}
	list, err := r.Findings(as(t, access.RoleViewer), a.ID, 0)
	if err != nil || len(list) != 1 || list[0].Check != quality.CheckCaptionSpeed || list[0].Blocks() {
		t.Errorf("findings %+v %v", list, err)
	}
}
