package meter_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"showreel/engine/meter"
	"showreel/engine/meter/sqlitemeter"
	"showreel/fault"
	"showreel/platform/sqldb/sqldbtest"
)

func TestText(t *testing.T) {
	reg := meter.New()
	c := reg.Counter("showreel_requests_total", "Requests\nanswered.", "method", "path")
	c.Inc("GET", `/a"b\c`)
	c.Add(2.5, "GET", `/a"b\c`)
	c.Add(-1, "GET", `/a"b\c`)
	c.Inc("POST", "/\n")
	g := reg.Gauge("showreel_jobs", "")
	g.Set(7)
	g.Add(-2)
	h := reg.Histogram("showreel_seconds", "How long.", []float64{0.1, 1}, "op")
	for _, v := range []float64{0.05, 0.1, 0.5, 3} {
		h.Observe(v, "put")
	}
	res := httptest.NewRecorder()
	reg.ServeHTTP(res, httptest.NewRequest("GET", "/metrics", nil))
	want := `# TYPE showreel_jobs gauge
showreel_jobs 5
# HELP showreel_requests_total Requests\nanswered.
# TYPE showreel_requests_total counter
showreel_requests_total{method="GET",path="/a\"b\\c"} 3.5
showreel_requests_total{method="POST",path="/\n"} 1
# HELP showreel_seconds How long.
# TYPE showreel_seconds histogram
showreel_seconds_bucket{op="put",le="0.1"} 2
showreel_seconds_bucket{op="put",le="1"} 3
showreel_seconds_bucket{op="put",le="+Inf"} 4
showreel_seconds_sum{op="put"} 3.65
showreel_seconds_count{op="put"} 4
`
	if diff := cmp.Diff(want, res.Body.String()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if ct := res.Header().Get("Content-Type"); !strings.HasPrefix(ct, "text/plain; version=0.0.4") {
		t.Errorf("content type %q", ct)
	}
}

func TestConcurrentCounting(t *testing.T) {
	reg := meter.New()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 1000 {
				reg.Counter("n_total", "", "a").Inc("x")
			}
		})
	}
	wg.Wait()
	var b strings.Builder
	if err := reg.WriteText(&b); err != nil || !strings.Contains(b.String(), `n_total{a="x"} 8000`) {
		t.Errorf("%s %v", b.String(), err)
	}
}

func TestRollUp(t *testing.T) {
	reg := meter.New()
	rec := meter.NewRecorder(reg, sqlitemeter.New(sqldbtest.SQLite(t, sqlitemeter.Schema())), "n1")
	c, h := reg.Counter("c_total", ""), reg.Histogram("h", "", meter.Seconds())
	values := func(name string) (out [][2]float64) {
		t.Helper()
		samples, err := rec.Series(t.Context(), name, 0, 1<<60)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range samples {
			out = append(out, [2]float64{s.Value, float64(s.Count)})
		}
		return out
	}
	for i, n := range []float64{5, 0, 2} {
		c.Add(n)
		if n > 0 {
			h.Observe(n)
		}
		if err := rec.RollUp(t.Context(), time.UnixMilli(int64(i)*60_000)); err != nil {
			t.Fatal(err)
		}
	}
	if got := values("c_total"); !cmp.Equal(got, [][2]float64{{5, 0}, {2, 0}}) {
		t.Errorf("counter by minute: %v", got)
	}
	if got := values("h"); !cmp.Equal(got, [][2]float64{{5, 1}, {2, 1}}) {
		t.Errorf("histogram by minute: %v", got)
	}
}

// fake is a driver in memory that can fail.
type fake struct {
	mu      sync.Mutex
	down    bool
	costs   []meter.Cost
	samples []meter.Sample
}

func (f *fake) Save(_ context.Context, s []meter.Sample) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.samples = append(f.samples, s...)
	return nil
}

func (f *fake) Series(context.Context, string, int64, int64) ([]meter.Sample, error) {
	return f.samples, nil
}

func (f *fake) AddCosts(_ context.Context, c []meter.Cost) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.down {
		return errors.New("down")
	}
	f.costs = append(f.costs, c...)
	return nil
}

func (f *fake) Costs(context.Context, string, string, int64, int64) ([]meter.Cost, error) {
	return f.costs, nil
}

func (f *fake) Prune(context.Context, int64) error { return nil }

func TestRunWritesAndSurvivesFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, reg := &fake{down: true}, meter.New()
		rec := meter.NewRecorder(reg, f, "n1")
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- rec.Run(ctx) }()
		reg.Counter("c_total", "").Inc()
		for range 12_000 {
			rec.Cost(meter.Cost{Tenant: "main", Subject: "a", Step: "s", CPUMS: 1})
		}
		time.Sleep(90 * time.Second)
		f.mu.Lock()
		if len(f.samples) != 1 || len(f.costs) != 0 {
			t.Errorf("%d samples, %d costs while down", len(f.samples), len(f.costs))
		}
		f.down = false
		f.mu.Unlock()
		time.Sleep(5 * time.Second)
		rec.Cost(meter.Cost{Tenant: "main", Step: "last", CPUMS: 1})
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		var cpu int64
		for _, c := range f.costs {
			cpu += c.CPUMS
		}
		if cpu != 12_001 {
			t.Errorf("costs sum to %d ms, want 12001", cpu)
		}
	})
}

func TestMisuse(t *testing.T) {
	rec := meter.NewRecorder(meter.New(), &fake{}, "n")
	if _, err := rec.Costs(t.Context(), "", "", 0, 1); !fault.Is(err, fault.Invalid) {
		t.Errorf("costs without tenant: %v", err)
	}
	for name, misuse := range map[string]func(r *meter.Registry){
		"bad name":     func(r *meter.Registry) { r.Counter("1x", "") },
		"other kind":   func(r *meter.Registry) { r.Counter("x", ""); r.Gauge("x", "") },
		"other labels": func(r *meter.Registry) { r.Counter("x", "", "a"); r.Counter("x", "", "b") },
		"value count":  func(r *meter.Registry) { r.Counter("x", "", "a").Inc() },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s did not panic", name)
				}
			}()
			misuse(meter.New())
		}()
	}
}
