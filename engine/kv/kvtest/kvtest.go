// Package kvtest is the conformance suite of record drivers. It is for tests only.
package kvtest

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"showreel/engine/kv"
	"showreel/fault"
)

// Run holds a driver to the contract of kv.Driver. open returns an empty driver.
func Run(t *testing.T, open func(t *testing.T) kv.Driver) {
	for name, test := range map[string]func(*testing.T, *kv.Store, kv.Driver){
		"RoundTrip": roundTrip, "PutIf": putIf, "Race": race, "Expiry": expiry, "Scan": scan, "Refusals": refusals,
	} {
		t.Run(name, func(t *testing.T) {
			d := open(t)
			test(t, kv.New(d), d)
		})
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantKind(t *testing.T, err error, kind fault.Kind) {
	t.Helper()
	if !fault.Is(err, kind) {
		t.Errorf("got %v, want %s", err, kind)
	}
}

func roundTrip(t *testing.T, s *kv.Store, _ kv.Driver) {
	for _, value := range [][]byte{nil, []byte("text"), {0, 255, 10, 0}, bytes.Repeat([]byte{7}, kv.MaxValue)} {
		check(t, s.Put(t.Context(), "session/é 1", value, 0))
		got, rev, err := s.Get(t.Context(), "session/é 1")
		if err != nil || !bytes.Equal(got, value) || rev <= 0 {
			t.Errorf("%d bytes came back as %d, rev %d, %v", len(value), len(got), rev, err)
		}
	}
	for range 2 {
		check(t, s.Delete(t.Context(), "session/é 1"))
	}
	_, _, err := s.Get(t.Context(), "session/é 1")
	wantKind(t, err, fault.NotFound)
}

func putIf(t *testing.T, s *kv.Store, _ kv.Driver) {
	first, err := s.PutIf(t.Context(), "k", []byte("1"), 0, 0)
	check(t, err)
	_, err = s.PutIf(t.Context(), "k", []byte("x"), 0, 0)
	wantKind(t, err, fault.Stale)
	second, err := s.PutIf(t.Context(), "k", []byte("2"), 0, first)
	check(t, err)
	_, err = s.PutIf(t.Context(), "k", []byte("x"), 0, first)
	wantKind(t, err, fault.Stale)
	got, rev, err := s.Get(t.Context(), "k")
	if err != nil || string(got) != "2" || rev != second || first == second {
		t.Errorf("got %q rev %d (%d, then %d), %v", got, rev, first, second, err)
	}
	check(t, s.Delete(t.Context(), "k"))
	_, err = s.PutIf(t.Context(), "k", []byte("x"), 0, second)
	wantKind(t, err, fault.Stale)
	third, err := s.PutIf(t.Context(), "k", []byte("3"), 0, 0)
	check(t, err)
	if third == first || third == second {
		t.Error("a revision came back after a delete")
	}
	check(t, s.Put(t.Context(), "k", []byte("4"), 0))
	_, err = s.PutIf(t.Context(), "k", []byte("x"), 0, third)
	wantKind(t, err, fault.Stale)
}

func race(t *testing.T, s *kv.Store, _ kv.Driver) {
	var made, lost atomic.Int32
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			_, err := s.PutIf(t.Context(), "one", []byte(fmt.Sprint(i)), time.Minute, 0)
			switch {
			case err == nil:
				made.Add(1)
			case fault.Is(err, fault.Stale):
				lost.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if made.Load() != 1 || lost.Load() != 7 {
		t.Errorf("%d made it and %d lost, want 1 and 7", made.Load(), lost.Load())
	}
}

func expiry(t *testing.T, s *kv.Store, d kv.Driver) {
	check(t, s.Put(t.Context(), "short", []byte("x"), time.Second)) // a busy database may need a while until the Get
	check(t, s.Put(t.Context(), "long", []byte("x"), time.Hour))
	check(t, s.Put(t.Context(), "ever", []byte("x"), 0))
	_, rev, err := s.Get(t.Context(), "short")
	check(t, err)
	time.Sleep(1050 * time.Millisecond)
	_, _, err = s.Get(t.Context(), "short")
	wantKind(t, err, fault.NotFound)
	_, err = s.PutIf(t.Context(), "short", []byte("y"), 0, rev)
	wantKind(t, err, fault.Stale)
	entries, err := s.Scan(t.Context(), "", "", 0)
	if err != nil || len(entries) != 2 {
		t.Errorf("Scan found %d live records, want 2; %v", len(entries), err)
	}
	if n, err := d.Sweep(t.Context(), 10); err != nil || n != 1 {
		t.Errorf("Sweep removed %d, want 1; %v", n, err)
	}
	check(t, s.Put(t.Context(), "again", []byte("x"), time.Millisecond))
	time.Sleep(10 * time.Millisecond)
	_, err = s.PutIf(t.Context(), "again", []byte("y"), 0, 0)
	check(t, err)
	if got, _, err := s.Get(t.Context(), "again"); err != nil || string(got) != "y" {
		t.Errorf("an expired record could not be made again: %q, %v", got, err)
	}
}

func scan(t *testing.T, s *kv.Store, _ kv.Driver) {
	keys := []string{"a", "b", "b.x", "b/1", "b/2", "bé", "c", "é"}
	for _, k := range keys {
		check(t, s.Put(t.Context(), k, []byte(k), 0))
	}
	for _, c := range []struct {
		prefix, after string
		limit         int
		want          []string
	}{
		{"", "", 0, keys},
		{"", "b", 2, []string{"b.x", "b/1"}},
		{"b", "", 0, keys[1:6]},
		{"b/", "b/1", 0, []string{"b/2"}},
		{"é", "", 0, []string{"é"}},
		{"d", "", 0, nil},
	} {
		entries, err := s.Scan(t.Context(), c.prefix, c.after, c.limit)
		check(t, err)
		var got []string
		for _, e := range entries {
			got = append(got, e.Key)
			if string(e.Value) != e.Key || e.Rev <= 0 {
				t.Errorf("Scan gave %+v", e)
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("Scan(%q, %q, %d): -want +got\n%s", c.prefix, c.after, c.limit, diff)
		}
	}
}

func refusals(t *testing.T, s *kv.Store, _ kv.Driver) {
	for _, key := range []string{"", "nul\x00", "\xff", strings.Repeat("k", kv.MaxKey+1)} {
		wantKind(t, s.Put(t.Context(), key, nil, 0), fault.Invalid)
		_, _, err := s.Get(t.Context(), key)
		wantKind(t, err, fault.Invalid)
		wantKind(t, s.Delete(t.Context(), key), fault.Invalid)
	}
	wantKind(t, s.Put(t.Context(), "k", make([]byte, kv.MaxValue+1), 0), fault.TooLarge)
	wantKind(t, s.Put(t.Context(), "k", nil, -time.Second), fault.Invalid)
	_, err := s.PutIf(t.Context(), "k", nil, 0, -1)
	wantKind(t, err, fault.Invalid)
}
