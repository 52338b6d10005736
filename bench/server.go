package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"showreel/engine/flow"
	"showreel/engine/flow/dbosflow"
	"showreel/engine/keys"
	"showreel/engine/keys/filekeys"
	"showreel/media"
	"showreel/platform/outbox"
	"showreel/platform/sqldb"
	"showreel/product/library"
	"showreel/test/world"
	"showreel/trust/access"
	"showreel/trust/audit"
)

// benchServer measures the process itself, workflow steps beside writers, and lists over a large library.
func benchServer(ctx context.Context, b *bench) error {
	for _, part := range []func(context.Context, *bench) error{benchProcess, benchSteps, benchLists} {
		if err := part(ctx, b); err != nil {
			return err
		}
	}
	return nil
}

// benchProcess starts the real binary: time until it serves, memory when idle, size on disk.
func benchProcess(ctx context.Context, b *bench) error {
	bin, err := world.Binary()
	if err != nil {
		return err
	}
	info, err := os.Stat(bin)
	if err != nil {
		return err
	}
	b.atMost("binary size", float64(info.Size())/1e6, "MB", 70, "limit", "stripped, console inside")
	data := filepath.Join(b.dir, "idle")
	var ready []float64
	for range 5 {
		s, err := world.Start(ctx, data)
		if err != nil {
			return err
		}
		ready = append(ready, s.Ready.Seconds())
		if err := s.Stop(); err != nil {
			return err
		}
	}
	b.atMost("ready after start", median(ready[1:]), "s", 0.6, "limit", fmt.Sprintf("median of %d; first start with migrations %.2f s", len(ready)-1, ready[0]))
	s, err := world.Start(ctx, data)
	if err != nil {
		return err
	}
	time.Sleep(3 * time.Second)
	rss, err := rssMB(s.Pid())
	if err != nil {
		return err
	}
	b.atMost("idle memory (RSS)", rss, "MB", 90, "limit", "3 s after start")
	return s.Stop()
}

func rssMB(pid int) (float64, error) { return procMB(pid, "status", "VmRSS") }

// procMB reads a size that proc(5) tells in kB.
func procMB(pid int, file, field string) (float64, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, file))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(raw)) {
		if rest, ok := strings.CutPrefix(line, field+":"); ok {
			kb, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			return kb / 1024, err
		}
	}
	return 0, fmt.Errorf("no %s for %d", field, pid)
}

// benchSteps runs eight workflows while four writers write to the business store.
func benchSteps(ctx context.Context, b *bench) error {
	dir := filepath.Join(b.dir, "steps")
	db, err := openStore(ctx, filepath.Join(dir, "business.db"), outbox.Schema(), flow.Schema())
	if err != nil {
		return err
	}
	defer db.Close()
	driver, err := dbosflow.Open(ctx, dbosflow.Options{URL: "sqlite:" + filepath.Join(dir, "flow.db"), Worker: "bench"})
	if err != nil {
		return err
	}
	e := flow.New(driver, db)
	var mu sync.Mutex
	var steps []float64
	flow.Register(e, "steps", func(c flow.Ctx, n int) (int, error) {
		for i := range n {
			began := time.Now()
			if _, err := flow.Do(c, "step", func(context.Context) (int, error) { return i, nil }); err != nil {
				return 0, err
			}
			mu.Lock()
			steps = append(steps, ms(began))
			mu.Unlock()
		}
		return n, nil
	})
	if err := e.Launch(ctx); err != nil {
		return err
	}
	const loops = 8 // workflows at once; more only queue for the store's one writer
	perLoop := 100
	if b.quick {
		perLoop = 30
	}
	writing, stop := context.WithCancel(ctx)
	writes := startWriters(writing, db)
	for i := range loops {
		if err := e.Start(ctx, "steps", fmt.Sprintf("bench/%d", i), perLoop); err != nil {
			stop()
			return err
		}
	}
	for i := range loops {
		for {
			st, err := e.Status(ctx, fmt.Sprintf("bench/%d", i))
			if err != nil {
				stop()
				return err
			}
			if st.State == flow.Done {
				break
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
	stop()
	took := writes()
	b.atMost("workflow step p50 beside 4 writers", median(steps), "ms", 5, "limit", fmt.Sprintf("%d workflows at once, %d steps, p99 %.1f ms, slowest %.1f ms", loops, len(steps), quantile(steps, 0.99), quantile(steps, 1)))
	b.atMost("business write p99 beside workflows", quantile(took, 0.99), "ms", 50, "limit", fmt.Sprintf("%d writes with an event each, p50 %.2f ms", len(took), median(took)))
	return e.Close(ctx)
}

// startWriters lets four goroutines write an event a transaction until ctx ends; the returned function waits and gives
// the times in ms.
func startWriters(ctx context.Context, db *sqldb.DB) func() []float64 {
	box := outbox.New(db)
	var mu sync.Mutex
	var took []float64
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for ctx.Err() == nil {
				began := time.Now()
				err := db.Write(context.WithoutCancel(ctx), func(tx *sqldb.Tx) error {
					return box.Write(context.WithoutCancel(ctx), tx, "main", "bench.write", "s", map[string]int{"n": 1})
				})
				if err != nil {
					return
				}
				mu.Lock()
				took = append(took, ms(began))
				mu.Unlock()
				time.Sleep(10 * time.Millisecond)
			}
		})
	}
	return func() []float64 { wg.Wait(); return took }
}

// benchLists fills a library and times its lists through the service, as the console asks them.
func benchLists(ctx context.Context, b *bench) error {
	n := 100_000
	if b.quick {
		n = 20_000
	}
	lib, db, err := filledLibrary(ctx, filepath.Join(b.dir, "lists"), n)
	if err != nil {
		return err
	}
	defer db.Close()
	ctx = access.With(ctx, access.System(access.MainTenant))
	queries := map[string]library.Query{
		"newest":       {Limit: 100},
		"kind":         {Kinds: []media.Kind{media.Image}, Limit: 100},
		"words":        {Text: "harbour 77", Limit: 100},
		"tag":          {Tags: []string{"tag-7"}, Limit: 100},
		"title order":  {Sort: "title", Limit: 100},
		"kind + words": {Kinds: []media.Kind{media.Video}, Text: "bridge", Limit: 100},
	}
	var all []float64
	worst, worstName := 0.0, ""
	for name, q := range queries {
		var took []float64
		for range 25 {
			began := time.Now()
			page, err := lib.List(ctx, q)
			if err != nil {
				return err
			}
			if len(page.Items) == 0 {
				return fmt.Errorf("%s found nothing", name)
			}
			took = append(took, ms(began))
		}
		all = append(all, took...)
		if p := quantile(took, 0.95); p > worst {
			worst, worstName = p, name
		}
	}
	b.atMost(fmt.Sprintf("list and filter p95, %d assets", n), quantile(all, 0.95), "ms", 30, "limit", fmt.Sprintf("slowest kind of query: %s, p95 %.1f ms", worstName, worst))
	return nil
}

func filledLibrary(ctx context.Context, dir string, n int) (*library.Service, *sqldb.DB, error) {
	db, err := openStore(ctx, filepath.Join(dir, "showreel.db"), outbox.Schema(), audit.Schema(), access.Schema(), library.Schema())
	if err != nil {
		return nil, nil, err
	}
	driver, err := filekeys.Open(filepath.Join(dir, "keys"))
	if err != nil {
		return nil, nil, err
	}
	log := audit.New(db, keys.New(driver))
	who, err := access.New(access.Deps{DB: db, Audit: log})
	if err != nil {
		return nil, nil, err
	}
	lib := library.New(library.Deps{DB: db, Outbox: outbox.New(db), Access: who, Audit: log})
	ctx = access.With(ctx, access.System(access.MainTenant))
	words := []string{"harbour", "bridge", "night", "market", "rain", "crowd", "train", "forest", "studio", "interview"}
	kinds := []media.Kind{media.Video, media.Audio, media.Image, media.Text}
	for at := 0; at < n; at += 1000 {
		err := db.Write(ctx, func(tx *sqldb.Tx) error {
			for i := at; i < min(at+1000, n); i++ {
				title := fmt.Sprintf("%s %s %d", words[i%10], words[i/10%10], i)
				_, err := lib.InTx(tx).Create(ctx, library.NewAsset{Kind: kinds[i%4], Name: fmt.Sprintf("clip-%06d.mp4", i), Title: title, Tags: []string{fmt.Sprintf("tag-%d", i%50)}})
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return nil, nil, err
		}
	}
	return lib, db, nil
}

func openStore(ctx context.Context, path string, schemas ...sqldb.Schema) (*sqldb.DB, error) {
	db, err := sqldb.Open(ctx, "sqlite:"+path)
	if err != nil {
		return nil, err
	}
	for _, s := range schemas {
		if err := db.Migrate(ctx, s); err != nil {
			return nil, err
		}
	}
	return db, nil
}

func ms(began time.Time) float64 { return float64(time.Since(began).Microseconds()) / 1000 }

func median(v []float64) float64 { return quantile(v, 0.5) }

// quantile is the nearest-rank quantile; 0 for no values.
func quantile(v []float64, q float64) float64 {
	if len(v) == 0 {
		return 0
	}
	s := slices.Sorted(slices.Values(v))
	return s[min(len(s)-1, int(q*float64(len(s))))]
}
