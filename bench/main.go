// Command bench measures Showreel against its targets, each beside a peer or the physical limit in the same run.
//
//	go run ./bench [-quick] [-json] [-only PART,…] [-record] [area …]
//
// It prints one line a target; -json prints the same as JSON lines and nothing else on standard output. -quick works on
// smaller inputs, with targets scaled as each note says. -only chooses parts of the area analysis; -record keeps what it
// measured in the repository (the figures that `showreel models report` prints, and the worst errors of docs/models.md).
// Areas: ingest, tasks, delivery, server, analysis.
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
	Missing string  `json:"missing,omitempty"` // why there is no value
}

// bench is one run: where to work, how much, and where results go.
type bench struct {
	quick  bool
	dir    string // work folder, removed at the end
	area   string
	report func(result)
	log    io.Writer

	parts  []string // of the area analysis; empty is all
	on     about    // what is being measured
	record *record
}

// atMost reports a value that must not exceed its target; atLeast the opposite.
func (b *bench) atMost(name string, value float64, unit string, target float64, against, note string) {
	b.tell(result{Area: b.area, Name: name, Value: value, Unit: unit, Target: fmt.Sprintf("<= %g", target), Met: value <= target, Against: against, Note: note})
}

func (b *bench) atLeast(name string, value float64, unit string, target float64, against, note string) {
	b.tell(result{Area: b.area, Name: name, Value: value, Unit: unit, Target: fmt.Sprintf(">= %g", target), Met: value >= target, Against: against, Note: note})
}

func (b *bench) tell(r result) {
	b.report(r)
	b.keep(r)
}

func (b *bench) say(format string, args ...any) { fmt.Fprintf(b.log, format+"\n", args...) }

type area struct {
	name string
	run  func(context.Context, *bench) error
}

func areas() []area {
	return []area{{"ingest", benchIngest}, {"tasks", benchTasks}, {"delivery", benchDelivery}, {"server", benchServer}, {"analysis", benchAnalysis}}
}

func main() {
	quick := flag.Bool("quick", false, "smaller work, under a minute an area")
	asJSON := flag.Bool("json", false, "JSON lines on standard output")
	only := flag.String("only", "", "parts of the area analysis, with commas between")
	save := flag.Bool("record", false, "keep figures and worst errors of the area analysis in the repository")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	b := &bench{quick: *quick, log: os.Stderr, record: newRecord()}
	if *only != "" {
		b.parts = strings.Split(*only, ",")
	}
	code := measure(ctx, b, *asJSON, flag.Args())
	if *save {
		if err := b.record.save(); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			code = 1
		}
	}
	os.Exit(code)
}

func measure(ctx context.Context, b *bench, asJSON bool, only []string) int {
	dir, err := os.MkdirTemp("", "showreel-bench-")
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		return 1
	}
	defer os.RemoveAll(dir)
	defer func() { _ = world.Clean() }() // what stays is swept by the next run
	var results []result
	b.dir, b.report = dir, func(r result) {
		results = append(results, r)
		if asJSON {
			_ = json.NewEncoder(os.Stdout).Encode(r)
		}
	}
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
		switch {
		case r.Missing != "":
			fmt.Fprintf(w, "%s\t%s\tnot measured\t%s\t-\t%s\t%s\n", r.Area, r.Name, r.Target, r.Against, r.Note)
			continue
		case r.Target == ">= 0":
			met = "-"
		case !r.Met:
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
