package sidecar_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync"
	"syscall"
	"testing"
	"time"

	"showreel/platform/sidecar"
)

// TestWhatACallCostIsTold burns a known time in each of two calls that overlap: each is told its own share, and the sum is
// what was burnt.
func TestWhatACallCostIsTold(t *testing.T) {
	mux := http.NewServeMux()
	sidecar.Handle(mux, "/burn", func(context.Context, json.RawMessage, [][]byte) (sidecar.Answer, error) {
		sum := 0
		for n := range 100_000_000 {
			sum += n % 7
		}
		return sidecar.Answer{Head: sum}, nil
	})
	server := httptest.NewServer(sidecar.RequireToken("a token of enough letters", sidecar.Metered(mux)))
	defer server.Close()
	reach, err := sidecar.NewRemote("a token of enough letters", server.URL)
	if err != nil {
		t.Fatal(err)
	}
	c := sidecar.New(reach)
	defer c.Close()
	spent := func() time.Duration {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			t.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	before := spent()
	var both [2]sidecar.Tally
	var wait sync.WaitGroup
	for n := range both {
		wait.Go(func() {
			if _, err := c.Call(sidecar.Counted(t.Context(), &both[n]), "/burn", nil, nil, nil); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	all, sum := spent()-before, both[0].CPU()+both[1].CPU()
	if sum > all || sum < all/2 || min(both[0].CPU(), both[1].CPU()) < all/10 {
		t.Errorf("of %s two calls are said to have cost %s and %s", all, both[0].CPU(), both[1].CPU())
	}
	var none sidecar.Tally
	if _, err := c.Call(t.Context(), "/burn", nil, nil, nil); err != nil || none.CPU() != 0 {
		t.Errorf("a call that nobody counts: %v", err)
	}
}
