// Command bench measures Showreel against its targets, each beside a peer or the physical limit in the same run.
//
//	go run ./bench [-quick] [-json] [area …]
//
// It prints one line a target; -json prints the same as JSON lines and nothing else on standard output. -quick works on
// smaller inputs, with targets scaled as each note says. Areas: ingest, tasks, delivery, server.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"text/tabwriter"

	"showreel/test/world"
)

// result is one measured target.
type result struct {
	Area    string  `json:"area"`
	Name    string  `json:"name"`
	Value   float64 `json:"value"`
	Unit    string  `json:"unit"`
	Target  string  `json:"target"`
	Met     bool    `json:"met"`
	Against string  `json:"against"`
	Note    string  `json:"note"`
}

// bench is one run: where to work, how much, and where results go.
type bench struct {
	quick  bool
	dir    string // work folder, removed at the end
	area   string
	report func(result)
	log    io.Writer
}

// atMost reports a value that must not exceed its target; atLeast the opposite.
func (b *bench) atMost(name string, value float64, unit string, target float64, against, note string) {
	b.report(result{b.area, name, value, unit, fmt.Sprintf("<= %g", target), value <= target, against, note})
}

func (b *bench) atLeast(name string, value float64, unit string, target float64, against, note string) {
	b.report(result{b.area, name, value, unit, fmt.Sprintf(">= %g", target), value >= target, against, note})
}

func (b *bench) say(format string, args ...any) { fmt.Fprintf(b.log, format+"\n", args...) }

type area struct {
	name string
	run  func(context.Context, *bench) error
}

func areas() []area {
	return []area{{"ingest", benchIngest}, {"tasks", benchTasks}, {"delivery", benchDelivery}, {"server", benchServer}}
}

func main() {
	quick := flag.Bool("quick", false, "smaller work, under a minute an area")
	asJSON := flag.Bool("json", false, "JSON lines on standard output")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(measure(ctx, *quick, *asJSON, flag.Args()))
}

func measure(ctx context.Context, quick, asJSON bool, only []string) int {
	dir, err := os.MkdirTemp("", "showreel-bench-")
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		return 1
	}
	defer os.RemoveAll(dir)
	defer func() { _ = world.Clean() }() // what stays is swept by the next run
	var results []result
	b := &bench{quick: quick, dir: dir, log: os.Stderr, report: func(r result) {
		results = append(results, r)
		if asJSON {
			_ = json.NewEncoder(os.Stdout).Encode(r)
		}
	}}
	failed := false
	for _, a := range areas() {
		if len(only) > 0 && !slices.Contains(only, a.name) {
			continue
		}
		b.area = a.name
		b.say("== %s", a.name)
		if err := a.run(ctx, b); err != nil {
			fmt.Fprintf(os.Stderr, "bench: %s: %v\n", a.name, err)
			failed = true
		}
	}
	if !asJSON {
		table(os.Stdout, results)
	}
	if failed || len(results) == 0 {
		return 1
	}
	return 0
}

func table(out io.Writer, results []result) {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "AREA\tNAME\tVALUE\tTARGET\tMET\tAGAINST\tNOTE")
	for _, r := range results {
		met := "yes"
		if !r.Met {
			met = "NO"
		}
		fmt.Fprintf(w, "%s\t%s\t%s %s\t%s\t%s\t%s\t%s\n", r.Area, r.Name, short(r.Value), r.Unit, r.Target, met, r.Against, r.Note)
	}
	_ = w.Flush()
}

// short rounds to a thousandth, and smaller values to two digits.
func short(v float64) string {
	if v > -0.01 && v < 0.01 {
		return fmt.Sprintf("%.2g", v)
	}
	s := fmt.Sprintf("%.3f", v)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}
