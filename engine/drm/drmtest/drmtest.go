// Package drmtest is the conformance suite that every driver of engine/drm passes. It is for tests only.
package drmtest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"showreel/engine/drm"
	"showreel/fault"
)

// Run holds a driver to the contract of drm.Driver. open returns a driver over the same stored state at every call.
func Run(t *testing.T, open func(t *testing.T) drm.Driver) {
	ctx := context.Background()
	get := func(t *testing.T, s *drm.Service, tenant, id string, classes ...drm.Class) []drm.ContentKey {
		t.Helper()
		keys, err := s.Keys(ctx, tenant, id, classes)
		if err != nil {
			t.Fatal(err)
		}
		return keys
	}
	t.Run("keys last and differ", func(t *testing.T) {
		a, b := drm.New(open(t)), drm.New(open(t))
		first := get(t, a, "main", "film/1", drm.Classes()...)
		again := get(t, b, "main", "film/1", drm.HD, drm.Audio)
		if again[0].Key != first[2].Key || again[1].KID != first[0].KID {
			t.Error("the same content got other keys")
		}
		seen := map[[16]byte]bool{}
		for _, k := range append(append(first, get(t, a, "main", "film/2", drm.Classes()...)...), get(t, a, "other", "film/1", drm.SD)...) {
			if seen[k.Key] || seen[k.KID] {
				t.Error("a key or key id is used twice")
			}
			seen[k.Key], seen[k.KID] = true, true
		}
	})
	t.Run("makers at once agree", func(t *testing.T) {
		var wg sync.WaitGroup
		got := make([]drm.ContentKey, 8)
		for i := range got {
			s := drm.New(open(t))
			wg.Go(func() {
				keys, err := s.Keys(ctx, "main", "race/1", []drm.Class{drm.HD})
				if err != nil {
					t.Error(err)
					return
				}
				got[i] = keys[0]
			})
		}
		wg.Wait()
		for _, k := range got {
			if k.Key != got[0].Key {
				t.Error("two makers gave different keys")
			}
		}
	})
	t.Run("rotate and forget", func(t *testing.T) {
		s := drm.New(open(t))
		old := get(t, s, "main", "turn/1", drm.SD)[0]
		if err := s.Rotate(ctx, "main", "turn/1"); err != nil && !fault.Is(err, fault.Unsupported) {
			t.Fatal(err)
		} else if err == nil && get(t, s, "main", "turn/1", drm.SD)[0].Key == old.Key {
			t.Error("rotation kept the key")
		}
		if err := s.Forget(ctx, "main", "turn/1"); err != nil {
			t.Error(err)
		}
		if err := s.Forget(ctx, "main", "never/1"); err != nil {
			t.Error(err)
		}
	})
	t.Run("refusals", func(t *testing.T) {
		s := drm.New(open(t))
		for _, c := range []struct {
			tenant, id string
			class      drm.Class
		}{{"", "x", drm.SD}, {"main", "", drm.SD}, {"main", strings.Repeat("x", 300), drm.SD}, {"main", "x", "8k"}} {
			if _, err := s.Keys(ctx, c.tenant, c.id, []drm.Class{c.class}); !fault.Is(err, fault.Invalid) {
				t.Errorf("%+v: %v", c, err)
			}
		}
		k := get(t, s, "main", "shy/1", drm.HD)[0]
		for _, text := range []string{fmt.Sprintf("%v", k), fmt.Sprintf("%+v", k), fmt.Sprintf("%#v", k)} {
			if strings.Contains(text, fmt.Sprintf("%d", k.Key[0])+" ") || strings.Contains(text, "0x") {
				t.Errorf("a key shows in text: %s", text)
			}
		}
	})
}
