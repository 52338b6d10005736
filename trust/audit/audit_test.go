package audit_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"showreel/engine/keys"
	"showreel/engine/keys/filekeys"
	"showreel/fault"
	"showreel/platform/sqldb"
	"showreel/platform/sqldb/sqldbtest"
	"showreel/trust/audit"
)

func newRing(t *testing.T) *keys.Ring {
	t.Helper()
	d, err := filekeys.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return keys.New(d)
}

// each runs fn on a fresh log on every engine.
func each(t *testing.T, fn func(t *testing.T, db *sqldb.DB, l *audit.Log)) {
	t.Helper()
	sqldbtest.Each(t, []sqldb.Schema{audit.Schema()}, func(t *testing.T, db *sqldb.DB) { fn(t, db, audit.New(db, newRing(t))) })
}

func entry(tenant string, i int) audit.Entry {
	return audit.Entry{Tenant: tenant, Actor: "u1", ActorKind: "user", Action: "asset:patch", Subject: fmt.Sprint("a", i),
		Data: map[string]any{"title": fmt.Sprint("<Film> ", i), "old": nil}}
}

// fill writes and seals n entries of two tenants in seals of different sizes.
func fill(t *testing.T, l *audit.Log, n int) {
	t.Helper()
	for i := range n {
		if err := l.Record(t.Context(), entry([]string{"main", "other"}[i%2], i)); err != nil {
			t.Fatal(err)
		}
		if i%7 == 0 || i == n-1 {
			seal(t, l)
		}
	}
}

func seal(t *testing.T, l *audit.Log) {
	t.Helper()
	if _, err := l.Seal(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func exec(t *testing.T, db *sqldb.DB, query string, args ...any) {
	t.Helper()
	err := db.Write(t.Context(), func(tx *sqldb.Tx) error {
		_, err := tx.ExecContext(t.Context(), query, args...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestVerifyGood(t *testing.T) {
	each(t, func(t *testing.T, _ *sqldb.DB, l *audit.Log) {
		if r, err := l.Verify(t.Context()); err != nil || r.Entries != 0 {
			t.Errorf("an empty log: %+v, %v", r, err)
		}
		fill(t, l, 40)
		early, err := l.Checkpoint(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		fill(t, l, 230)
		if err := l.Record(t.Context(), entry("main", 999)); err != nil {
			t.Fatal(err)
		}
		r, err := l.Verify(t.Context(), early)
		if err != nil || r.Entries != 270 || r.Unsealed != 1 || r.Checkpoints < 40 || r.Root == "" {
			t.Errorf("a good log: %+v, %v", r, err)
		}
	})
}

func TestTampering(t *testing.T) {
	for name, c := range map[string]struct {
		seq    int64
		tamper func(t *testing.T, db *sqldb.DB)
	}{
		"row changed":    {8, func(t *testing.T, db *sqldb.DB) { exec(t, db, `UPDATE audit_entry SET actor = 'u2' WHERE leaf = 7`) }},
		"data changed":   {8, func(t *testing.T, db *sqldb.DB) { exec(t, db, `UPDATE audit_entry SET data = '{}' WHERE leaf = 7`) }},
		"tenant changed": {8, func(t *testing.T, db *sqldb.DB) { exec(t, db, `UPDATE audit_entry SET tenant = 'x' WHERE leaf = 7`) }},
		"hash changed":   {8, func(t *testing.T, db *sqldb.DB) { exec(t, db, `UPDATE audit_entry SET hash = 'x' WHERE leaf = 7`) }},
		"row removed":    {8, func(t *testing.T, db *sqldb.DB) { exec(t, db, `DELETE FROM audit_entry WHERE leaf = 7`) }},
		"rows exchanged": {8, swap},
		"another's row":  {8, func(t *testing.T, db *sqldb.DB) { replaceRow(t, db, 7, false) }},
		"row and leaf":   {8, func(t *testing.T, db *sqldb.DB) { replaceRow(t, db, 7, true) }},
		"cut short":      {20, func(t *testing.T, db *sqldb.DB) { cut(t, db, 15, false) }},
		"cut with heads": {20, func(t *testing.T, db *sqldb.DB) { cut(t, db, 15, true) }},
		"head forged": {15, func(t *testing.T, db *sqldb.DB) {
			exec(t, db, `UPDATE audit_checkpoint SET note = replace(note, '15', '14') WHERE size = 15`)
		}},
		"unsealed change": {0, func(t *testing.T, db *sqldb.DB) {
			exec(t, db, `UPDATE audit_entry SET reason = 'x' WHERE leaf IS NULL`)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			db := sqldbtest.SQLite(t, audit.Schema())
			l := audit.New(db, newRing(t))
			fill(t, l, 20)
			kept, err := l.Checkpoint(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if err := l.Record(t.Context(), entry("main", 99)); err != nil {
				t.Fatal(err)
			}
			if r, err := l.Verify(t.Context(), kept); err != nil {
				t.Fatalf("before: %+v, %v", r, err)
			}
			c.tamper(t, db)
			r, err := l.Verify(t.Context(), kept)
			if !fault.Is(err, fault.Corrupt) || fault.CodeOf(err) != "audit-broken" || len(r.Problems) == 0 {
				t.Fatalf("not noticed: %+v, %v", r, err)
			}
			found := false
			for _, p := range r.Problems {
				found = found || p.Seq == c.seq
			}
			if !found {
				t.Errorf("entry %d is not named: %+v", c.seq, r.Problems)
			}
		})
	}
}

func swap(t *testing.T, db *sqldb.DB) {
	exec(t, db, `UPDATE audit_entry SET leaf = 1000 WHERE leaf = 7`)
	exec(t, db, `UPDATE audit_entry SET leaf = 7 WHERE leaf = 8`)
	exec(t, db, `UPDATE audit_entry SET leaf = 8 WHERE leaf = 1000`)
}

// replaceRow puts a true row of another log in place of one, with its own stored hash, and perhaps its leaf too.
func replaceRow(t *testing.T, db *sqldb.DB, leaf int64, withLeaf bool) {
	other := sqldbtest.SQLite(t, audit.Schema())
	l := audit.New(other, newRing(t))
	fill(t, l, 1)
	var id, hash, data, subject string
	var at int64
	q := `SELECT id, hash, data, subject, at_ms FROM audit_entry`
	if err := other.Read().QueryRowContext(t.Context(), q).Scan(&id, &hash, &data, &subject, &at); err != nil {
		t.Fatal(err)
	}
	exec(t, db, `UPDATE audit_entry SET id = $1, hash = $2, data = $3, subject = $4, at_ms = $5, tenant = 'main' WHERE leaf = $6`, id, hash, data, subject, at, leaf)
	if withLeaf {
		exec(t, db, `UPDATE audit_node SET hash = $1 WHERE idx = 11`, hash) // tlog.StoredHashIndex(0, 7)
	}
}

func cut(t *testing.T, db *sqldb.DB, size int64, heads bool) {
	exec(t, db, `DELETE FROM audit_entry WHERE leaf >= $1 OR leaf IS NULL`, size)
	exec(t, db, `UPDATE audit_head SET size = $1`, size)
	if heads {
		exec(t, db, `DELETE FROM audit_checkpoint WHERE size > $1`, size)
	}
}

// TestTransaction: an entry stands or falls with the change it is about.
func TestTransaction(t *testing.T) {
	each(t, func(t *testing.T, db *sqldb.DB, l *audit.Log) {
		boom := errors.New("boom")
		err := db.Write(t.Context(), func(tx *sqldb.Tx) error {
			if err := l.Write(t.Context(), tx, entry("main", 1)); err != nil {
				return err
			}
			return boom
		})
		if !errors.Is(err, boom) {
			t.Fatal(err)
		}
		if recs, err := l.List(t.Context(), audit.Query{Tenant: "main"}); err != nil || len(recs) != 0 {
			t.Errorf("a rolled-back entry stayed: %v, %v", recs, err)
		}
	})
}

func TestRefusals(t *testing.T) {
	l := audit.New(sqldbtest.SQLite(t, audit.Schema()), newRing(t))
	good := entry("main", 1)
	for _, spoil := range []func(e *audit.Entry){
		func(e *audit.Entry) { e.Tenant = "" }, func(e *audit.Entry) { e.Actor = "" }, func(e *audit.Entry) { e.ActorKind = "" },
		func(e *audit.Entry) { e.Action = "" }, func(e *audit.Entry) { e.Outcome = "maybe" }, func(e *audit.Entry) { e.Data = func() {} },
	} {
		e := good
		spoil(&e)
		if err := l.Record(t.Context(), e); !fault.Is(err, fault.Invalid) {
			t.Errorf("%+v gave %v", e, err)
		}
	}
	if _, err := l.List(t.Context(), audit.Query{}); !fault.Is(err, fault.Invalid) {
		t.Errorf("a query without tenant gave %v", err)
	}
	if _, err := l.Checkpoint(t.Context()); !fault.Is(err, fault.NotFound) {
		t.Errorf("no checkpoint yet: %v", err)
	}
}

// TestHostileText: whatever a client sends can be recorded and still verifies.
func TestHostileText(t *testing.T) {
	each(t, func(t *testing.T, _ *sqldb.DB, l *audit.Log) {
		e := entry("main", 1)
		e.Subject, e.Reason, e.Data = "nul\x00\xff\u202e", strings.Repeat("é", 5000), "a\x00\xff</script>"
		if err := l.Record(t.Context(), e); err != nil {
			t.Fatal(err)
		}
		seal(t, l)
		if r, err := l.Verify(t.Context()); err != nil {
			t.Errorf("%+v, %v", r, err)
		}
	})
}

func TestListAndSince(t *testing.T) {
	each(t, func(t *testing.T, _ *sqldb.DB, l *audit.Log) {
		fill(t, l, 10)
		denied := audit.Entry{Tenant: "main", Actor: "u2", ActorKind: "key", Action: "user:create", Subject: "a2", Outcome: audit.Denied, Reason: "viewer"}
		if err := l.Record(t.Context(), denied); err != nil {
			t.Fatal(err)
		}
		subjects := func(recs []audit.Record, err error) []string {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
			var out []string
			for _, r := range recs {
				out = append(out, r.Subject)
			}
			return out
		}
		for _, c := range []struct {
			q    audit.Query
			want []string
		}{
			{audit.Query{Tenant: "main"}, []string{"a2", "a8", "a6", "a4", "a2", "a0"}},
			{audit.Query{Tenant: "other", Limit: 2}, []string{"a9", "a7"}},
			{audit.Query{Tenant: "main", Outcome: "denied"}, []string{"a2"}},
			{audit.Query{Tenant: "main", Actor: "u1", Subject: "a2"}, []string{"a2"}},
			{audit.Query{Tenant: "main", Action: "user:"}, []string{"a2"}},
			{audit.Query{Tenant: "main", Action: "user"}, nil},
			{audit.Query{Tenant: "main", ToMS: 1}, nil},
			{audit.Query{Tenant: "main", FromMS: 1, Action: "asset:patch", Limit: 1}, []string{"a8"}},
			{audit.Query{Tenant: "none"}, nil},
		} {
			if diff := cmp.Diff(c.want, subjects(l.List(t.Context(), c.q))); diff != "" {
				t.Errorf("%+v: -want +got\n%s", c.q, diff)
			}
		}
		page, err := l.List(t.Context(), audit.Query{Tenant: "main", Limit: 3})
		if err != nil {
			t.Fatal(err)
		}
		rest := subjects(l.List(t.Context(), audit.Query{Tenant: "main", Before: page[2].ID}))
		if diff := cmp.Diff([]string{"a4", "a2", "a0"}, rest); diff != "" {
			t.Errorf("second page: -want +got\n%s", diff)
		}
		if got := subjects(l.Since(t.Context(), "main", 5, 10)); !cmp.Equal(got, []string{"a6", "a8"}) {
			t.Errorf("Since(5) = %v", got)
		}
	})
}

func TestProofs(t *testing.T) {
	each(t, func(t *testing.T, _ *sqldb.DB, l *audit.Log) {
		fill(t, l, 12)
		old, err := l.Checkpoint(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		fill(t, l, 11)
		key, err := l.VerifierKey(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		recs, err := l.List(t.Context(), audit.Query{Tenant: "other"})
		if err != nil {
			t.Fatal(err)
		}
		p, err := l.Prove(t.Context(), "other", recs[3].ID)
		if err != nil {
			t.Fatal(err)
		}
		if err := audit.CheckProof(key, p); err != nil {
			t.Errorf("a good proof: %v", err)
		}
		p.Record.Actor = "someone else"
		if err := audit.CheckProof(key, p); !fault.Is(err, fault.Corrupt) {
			t.Errorf("a changed record: %v", err)
		}
		if _, err := l.Prove(t.Context(), "main", recs[3].ID); !fault.Is(err, fault.NotFound) {
			t.Errorf("another tenant's record: %v", err)
		}
		x, err := l.Extend(t.Context(), old)
		if err != nil {
			t.Fatal(err)
		}
		if err := audit.CheckExtension(key, x); err != nil {
			t.Errorf("a good extension: %v", err)
		}
		x.Path[0][0] ^= 1
		if err := audit.CheckExtension(key, x); !fault.Is(err, fault.Corrupt) {
			t.Errorf("a bad extension: %v", err)
		}
		exported(t, l, key)
	})
}

func exported(t *testing.T, l *audit.Log, key string) {
	t.Helper()
	var b bytes.Buffer
	if err := l.Export(t.Context(), &b, "main"); err != nil {
		t.Fatal(err)
	}
	if n, err := audit.CheckExport(key, bytes.NewReader(b.Bytes())); err != nil || n != 12 {
		t.Errorf("a good export: %d, %v", n, err)
	}
	if bytes.Contains(b.Bytes(), []byte(`"tenant":"other"`)) {
		t.Error("the export shows another tenant's records")
	}
	bad := bytes.Replace(b.Bytes(), []byte(`"subject":"a4"`), []byte(`"subject":"a5"`), 1)
	if n, err := audit.CheckExport(key, bytes.NewReader(bad)); !fault.Is(err, fault.Corrupt) || n != 2 {
		t.Errorf("a changed export: %d, %v", n, err)
	}
	foreign, err := audit.New(nil, newRing(t)).VerifierKey(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := audit.CheckExport(foreign, &b); !fault.Is(err, fault.Corrupt) {
		t.Errorf("another log's key: %v", err)
	}
}

// TestManyWritersAndSealers: every entry is sealed exactly once while all write and seal at the same time.
func TestManyWritersAndSealers(t *testing.T) {
	each(t, func(t *testing.T, _ *sqldb.DB, l *audit.Log) {
		ctx, cancel := context.WithCancel(t.Context())
		var sealers, writers sync.WaitGroup
		sealers.Go(func() {
			if err := l.Run(ctx); err != nil {
				t.Error(err)
			}
		})
		for range 3 {
			sealers.Go(func() {
				for ; ctx.Err() == nil; time.Sleep(5 * time.Millisecond) {
					if _, err := l.Seal(t.Context()); err != nil {
						t.Error(err)
					}
				}
			})
		}
		for w := range 4 {
			writers.Go(func() {
				for i := range 30 {
					if err := l.Record(ctx, entry("main", w*100+i)); err != nil {
						t.Error(err)
					}
				}
			})
		}
		writers.Wait()
		deadline := time.Now().Add(10 * time.Second)
		for {
			recs, err := l.Since(ctx, "main", 0, 500)
			if err != nil {
				t.Fatal(err)
			}
			if len(recs) == 120 || time.Now().After(deadline) {
				break
			}
			time.Sleep(20 * time.Millisecond)
		}
		cancel()
		sealers.Wait()
		if r, err := l.Verify(t.Context()); err != nil || r.Entries != 120 || r.Unsealed != 0 || l.Health() != nil {
			t.Errorf("%+v, %v, %v", r, err, l.Health())
		}
	})
}

func FuzzCheckExport(f *testing.F) {
	d, err := filekeys.Open(f.TempDir())
	if err != nil {
		f.Fatal(err)
	}
	key, err := audit.New(nil, keys.New(d)).VerifierKey(f.Context())
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(`{"checkpoint":"showreel/audit\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n— showreel/audit AAAA\n"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if n, err := audit.CheckExport(key, bytes.NewReader(data)); err == nil || n > 0 {
			t.Errorf("an unsigned export proved %d records", n)
		}
	})
}
