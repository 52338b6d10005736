package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"showreel/platform/weights"
)

// TestModelsAreExchangedBetweenCalls lets a call run on while another model is chosen: it ends on the old one, which is
// closed after it, and the next call meets the new one.
func TestModelsAreExchangedBetweenCalls(t *testing.T) {
	dir := t.TempDir()
	opened, closed := 0, 0
	begun, goOn := make(chan bool), make(chan bool)
	h, err := newHouse(dir, func() (http.Handler, func() error, error) {
		opened++
		me := opened
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/slow" {
				begun <- true
				<-goOn
			}
			fmt.Fprint(w, me)
		}), func() error { closed++; return nil }, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	at := time.Now()
	h.now = func() time.Time { at = at.Add(2 * lookEvery); return at }
	call := func(path string) string {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		return w.Body.String()
	}
	if got := call("/"); got != "1" || opened != 1 {
		t.Errorf("at first: %s, opened %d times", got, opened)
	}
	slow := make(chan string)
	go func() { slow <- call("/slow") }()
	<-begun
	if err := weights.Use(dir, "vision.labels", "another"); err != nil {
		t.Fatal(err)
	}
	if got := call("/"); got != "2" || closed != 0 {
		t.Errorf("after the choice: %s, %d closed under a call", got, closed)
	}
	goOn <- true
	if got := <-slow; got != "1" {
		t.Errorf("the call in flight got %s", got)
	}
	h.mu.Lock()
	left := closed
	h.mu.Unlock()
	if left != 1 {
		t.Errorf("%d closed after the call, want 1", left)
	}
	if err := h.Close(); err != nil || closed != 2 {
		t.Errorf("at the end: %d closed, %v", closed, err)
	}
}
