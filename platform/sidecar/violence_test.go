package sidecar_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"showreel/fault"
	"showreel/platform/sidecar"
)

// raced reports whether the race detector is built in: its shadow memory is larger than any cap of a test.
func raced() bool {
	info, ok := debug.ReadBuildInfo()
	return ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}

func TestMemoryCapEndsTheCallNotTheHelper(t *testing.T) {
	if raced() {
		t.Skip("the race detector needs more memory than the cap")
	}
	c, _, dir := local(t, func(o *sidecar.LocalOptions) { o.MemMB = 400 })
	var got int
	if _, err := c.Call(t.Context(), "/eat", 50, nil, &got); err != nil || got != 50 {
		t.Fatalf("50 MB under a cap of 400: %d, %v", got, err)
	}
	_, err := c.Call(t.Context(), "/eat", 2000, nil, &got)
	if !fault.Is(err, fault.Unavailable) || fault.CodeOf(err) != "helper-died" || fault.TextOf(err) == "" {
		t.Errorf("2000 MB under a cap of 400: %v", err)
	}
	if meals := notes(t, filepath.Join(dir, "meals")); len(meals) != 3 || meals[0] != meals[1] || meals[2] == meals[1] {
		t.Errorf("asked in processes %v, want one that fed twice and another once", meals)
	}
	if _, err := c.Call(t.Context(), "/eat", 50, nil, &got); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// TestKilledManyTimes ends the program from outside while four callers ask it: each call is sent at most twice, and one
// that fails says so in words; whoever asks afterwards is answered. 12 kills, 50
// with SHOWREEL_TEST_DEEP=1.
func TestKilledManyTimes(t *testing.T) {
	kills := 12
	if os.Getenv("SHOWREEL_TEST_DEEP") == "1" {
		kills = 50
	}
	c, l, dir := local(t, nil)
	stop := make(chan struct{})
	var mu sync.Mutex
	calls, lost := 0, 0
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				var pid int
				_, err := c.Call(t.Context(), "/nap", nil, nil, &pid)
				mu.Lock()
				calls++
				if err != nil {
					lost++
					if code := fault.CodeOf(err); !fault.Is(err, fault.Unavailable) || code != "helper-died" && code != "helper-unreachable" || fault.TextOf(err) == "" {
						t.Errorf("a call was lost without a word: %v", err)
					}
				}
				mu.Unlock()
			}
		})
	}
	done := 0
	for deadline := time.Now().Add(time.Minute); done < kills && time.Now().Before(deadline); time.Sleep(time.Duration(80+500*(done%2)) * time.Millisecond) {
		asked := notes(t, filepath.Join(dir, "naps"))
		if len(asked) > 0 && l.Running() && syscall.Kill(asked[len(asked)-1], syscall.SIGKILL) == nil {
			done++
		}
	}
	close(stop)
	all.Wait()
	asked := notes(t, filepath.Join(dir, "naps"))
	if done < kills || len(asked) > 2*calls || len(asked) == calls || lost == calls {
		t.Errorf("%d kills, %d calls were sent %d times, %d lost; want some sent twice, none more often, and some answered", done, calls, len(asked), lost)
	}
	t.Logf("%d kills: %d calls sent %d times, %d lost", done, calls, len(asked), lost)
	var pid int
	if _, err := c.Call(t.Context(), "/nap", nil, nil, &pid); err != nil || pid == 0 {
		t.Errorf("afterwards: %v", err)
	}
}

// TestKilledBetweenCallsCostsNothing: a program that ended while nobody asked is started again before the call is sent.
func TestKilledBetweenCallsCostsNothing(t *testing.T) {
	c, l, dir := local(t, nil)
	for range 3 {
		var pid int
		if _, err := c.Call(t.Context(), "/pid", nil, nil, &pid); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		for deadline := time.Now().Add(10 * time.Second); l.Running(); time.Sleep(5 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal("its end is not noticed")
			}
		}
	}
	// It dies once more in the call itself, which leaves the one retry for that.
	var deaths int
	if _, err := c.Call(t.Context(), "/die", 1, nil, &deaths); err != nil || deaths != 1 {
		t.Errorf("%d deaths in %s, %v", deaths, dir, err)
	}
}

// pool is helpers behind one token, and how often each was asked.
type pool struct {
	client  *sidecar.Client
	servers []*httptest.Server
	mu      sync.Mutex
	asked   []int
}

func openPool(t *testing.T, n int) *pool {
	t.Helper()
	const token = "the token of the whole pool"
	p := &pool{asked: make([]int, n)}
	var urls []string
	for k := range n {
		guarded := sidecar.RequireToken(token, echo())
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			p.mu.Lock()
			p.asked[k]++
			p.mu.Unlock()
			guarded.ServeHTTP(w, r)
		}))
		t.Cleanup(s.Close)
		p.servers, urls = append(p.servers, s), append(urls, s.URL)
	}
	reach, err := sidecar.NewRemote(token, urls...)
	if err != nil {
		t.Fatal(err)
	}
	p.client = sidecar.New(reach)
	t.Cleanup(func() { _ = p.client.Close() })
	return p
}

func (p *pool) counts() []int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.asked)
}

func (p *pool) call(t *testing.T) error {
	t.Helper()
	_, err := p.client.Call(t.Context(), "/echo", 1, nil, nil)
	return err
}

func TestPoolMembersTakeTurnsAndOneAwayIsPassedOver(t *testing.T) {
	p := openPool(t, 4)
	for range 8 {
		if err := p.call(t); err != nil {
			t.Fatal(err)
		}
	}
	for k, n := range p.counts() {
		if n != 2 {
			t.Errorf("member %d was asked %d of 8 times", k, n)
		}
	}
	for _, s := range p.servers[:3] {
		s.Close()
	}
	var all sync.WaitGroup
	for range 16 { // at once: whose turn it is does not depend on one call alone
		all.Go(func() {
			if err := p.call(t); err != nil {
				t.Errorf("three of four are away: %v", err)
			}
		})
	}
	all.Wait()
	if n := p.counts()[3]; n != 18 {
		t.Errorf("the one that is there was asked %d times, want 18", n)
	}
	p.servers[3].Close()
	if err := p.call(t); !fault.Is(err, fault.Unavailable) || fault.CodeOf(err) != "helper-unreachable" {
		t.Errorf("all are away: %v", err)
	}
}

// TestPoolMemberThatDiesCostsOneRetryElsewhere: the second of two members takes the call that the first one dropped, and
// a call that both drop is not sent a third time.
func TestPoolMemberThatDiesCostsOneRetryElsewhere(t *testing.T) {
	var dropped atomic.Int32
	drop := func(w http.ResponseWriter, _ *http.Request) {
		dropped.Add(1)
		if conn, _, err := w.(http.Hijacker).Hijack(); err == nil {
			if tcp, ok := conn.(*net.TCPConn); ok {
				_ = tcp.SetLinger(0) // as a process that is killed: reset
			}
			_ = conn.Close()
		}
	}
	bad := httptest.NewServer(http.HandlerFunc(drop))
	defer bad.Close()
	also := httptest.NewServer(http.HandlerFunc(drop))
	defer also.Close()
	good := httptest.NewServer(echo())
	defer good.Close()
	ask := func(urls ...string) error {
		reach, err := sidecar.NewRemote("", urls...)
		if err != nil {
			t.Fatal(err)
		}
		c := sidecar.New(reach)
		defer c.Close()
		_, err = c.Call(t.Context(), "/echo", 1, nil, nil)
		return err
	}
	if err := ask(bad.URL, good.URL); err != nil || dropped.Load() != 1 {
		t.Errorf("%v, dropped %d times", err, dropped.Load())
	}
	dropped.Store(0)
	if err := ask(bad.URL, also.URL, good.URL); fault.CodeOf(err) != "helper-died" || dropped.Load() != 2 {
		t.Errorf("%v, dropped %d times", err, dropped.Load())
	}
}

// TestTokenOfOneMemberDiffers: a member that refuses our token is a mistake of the configuration that is said, not
// hidden by asking the others.
func TestTokenOfOneMemberDiffers(t *testing.T) {
	right := httptest.NewServer(sidecar.RequireToken("the token of most", echo()))
	defer right.Close()
	wrong := httptest.NewServer(sidecar.RequireToken("another token", echo()))
	defer wrong.Close()
	reach, err := sidecar.NewRemote("the token of most", right.URL, wrong.URL)
	if err != nil {
		t.Fatal(err)
	}
	c := sidecar.New(reach)
	defer c.Close()
	if _, err := c.Call(t.Context(), "/echo", 1, nil, nil); err != nil {
		t.Error(err)
	}
	if _, err := c.Call(t.Context(), "/echo", 1, nil, nil); !fault.Is(err, fault.Denied) || fault.CodeOf(err) != "helper-token" {
		t.Errorf("%v", err)
	}
}
