package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"showreel/test/world"
)

// figuresFile is where measured figures are kept for `showreel models report`, below the repository.
const figuresFile = "engine/catalogue/figures.json"

// figures is the file. A run replaces the figures that it measured and leaves the others, each with its own date.
type figures struct {
	Made    string   `json:"made"` // how
	Figures []figure `json:"figures"`
}

// figure is one measured value of an ability. Value is nothing where Missing says why it was not measured.
type figure struct {
	Ability   string  `json:"ability"` // as in the room analysis: speech, speakers, shots, text, faces, …
	Figure    string  `json:"figure"`  // what was measured
	Value     float64 `json:"value"`
	Unit      string  `json:"unit"`
	Target    string  `json:"target,omitempty"` // "<= 3"; none where it is only printed
	Met       bool    `json:"met"`
	Test      string  `json:"test"` // the set
	Synthetic bool    `json:"synthetic"`
	Model     string  `json:"model"` // ids and versions, with commas between
	Peer      string  `json:"peer,omitempty"`
	CPUS      float64 `json:"cpuS,omitempty"` // processor seconds of the whole measurement, where they were taken
	WallS     float64 `json:"wallS,omitempty"`
	Machine   string  `json:"machine"`
	Date      string  `json:"date"`              // UTC day
	Missing   string  `json:"missing,omitempty"` // why there is no value
}

// about says what the rows that follow measure. The zero value makes no figures.
type about struct {
	ability, test, model string
	synthetic            bool
	cpu, wall            time.Duration
}

// mistake is one error of an ability, for the list of the worst.
type mistake struct {
	weight float64
	text   string
}

// record is what a run leaves behind.
type record struct {
	figures  []figure
	mistakes map[string][]mistake
	sets     map[string]string // ability to the test set that was looked through
}

func newRecord() *record { return &record{mistakes: map[string][]mistake{}, sets: map[string]string{}} }

func (b *bench) keep(r result) {
	if b.on.ability == "" || b.record == nil {
		return
	}
	target := r.Target
	if target == ">= 0" {
		target = ""
	}
	peer := r.Against
	if slices.Contains([]string{"", "-", "limit"}, peer) || strings.HasSuffix(peer, " truth") || strings.HasPrefix(peer, "labels of") || peer == "committed labels" {
		peer = ""
	}
	b.record.figures = append(b.record.figures, figure{Ability: b.on.ability, Figure: r.Name, Value: rounded(r.Value), Unit: r.Unit, Target: target, Met: r.Met, Test: b.on.test,
		Synthetic: b.on.synthetic, Model: b.on.model, Peer: peer, CPUS: rounded(b.on.cpu.Seconds()), WallS: rounded(b.on.wall.Seconds()), Machine: machine(), Date: today(), Missing: r.Missing})
}

// rounded keeps four significant digits.
func rounded(v float64) float64 {
	if v == 0 || math.IsNaN(v) || math.IsInf(v, 0) {
		return 0
	}
	scale := math.Pow(10, 3-math.Floor(math.Log10(math.Abs(v))))
	return math.Round(v*scale) / scale
}

func machine() string { return fmt.Sprintf("%d cores, %s", runtime.NumCPU(), runtime.GOARCH) }

func today() string { return time.Now().UTC().Format(time.DateOnly) }

// missing reports a row that could not be measured, and why.
func (b *bench) missing(name, target, why string) {
	b.say("NOT MEASURED: %s: %s", name, why)
	r := result{Area: b.area, Name: name, Target: target, Note: why, Missing: why}
	b.report(r)
	b.keep(r)
}

// mistaken keeps an error for the list of the worst. A greater weight is worse.
func (b *bench) mistaken(ability string, weight float64, format string, args ...any) {
	if b.record != nil {
		b.record.mistakes[ability] = append(b.record.mistakes[ability], mistake{weight, fmt.Sprintf(format, args...)})
	}
}

// searched says that an ability's errors were listed, and on what.
func (b *bench) searched(ability, set string) {
	if b.record != nil {
		b.record.sets[ability] = set
	}
}

// save writes the figures and the lists of worst errors into the repository.
func (r *record) save() error {
	path := filepath.Join(world.Root(), figuresFile)
	var all figures
	if raw, err := os.ReadFile(path); err == nil {
		if err := json.Unmarshal(raw, &all); err != nil {
			return fmt.Errorf("%s: %w", figuresFile, err)
		}
	}
	all.Made = "go run ./bench -record analysis"
	for _, f := range r.figures {
		same := func(o figure) bool { return o.Ability == f.Ability && o.Figure == f.Figure }
		if n := slices.IndexFunc(all.Figures, same); n < 0 {
			all.Figures = append(all.Figures, f)
		} else if f.Missing == "" || all.Figures[n].Missing != "" { // what was measured once stands, with its date
			all.Figures[n] = f
		}
	}
	slices.SortStableFunc(all.Figures, func(a, b figure) int { return strings.Compare(a.Ability, b.Ability) })
	var raw bytes.Buffer
	e := json.NewEncoder(&raw)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(all); err != nil {
		return err
	}
	if err := os.WriteFile(path, raw.Bytes(), 0o644); err != nil {
		return err
	}
	return r.saveMistakes(filepath.Join(world.Root(), "docs", "models.md"))
}

const (
	worstTitle = "## Worst errors\n"
	worstCount = 10
)

// saveMistakes rewrites the parts of the section of worst errors that this run looked through.
func (r *record) saveMistakes(path string) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, after, ok := strings.Cut(string(raw), worstTitle)
	if !ok {
		return fmt.Errorf("%s has no section %q", path, strings.TrimSpace(worstTitle))
	}
	after, rest, more := strings.Cut(after, "\n## ")
	if more {
		rest = "\n## " + rest
	}
	parts := map[string]string{}
	for n, part := range strings.Split(after, "\n### ") {
		if n > 0 {
			name, body, _ := strings.Cut(part, "\n")
			parts[name] = strings.TrimSpace(body)
		}
	}
	for ability, set := range r.sets {
		parts[ability] = worst(set, r.mistakes[ability])
	}
	var names []string
	for name := range parts {
		names = append(names, name)
	}
	slices.Sort(names)
	var out strings.Builder
	out.WriteString(before + worstTitle + "\nThe ten worst per ability, written by `go run ./bench -record analysis`; an ability without a part here: not measured.\n")
	for _, name := range names {
		fmt.Fprintf(&out, "\n### %s\n\n%s\n", name, parts[name])
	}
	return os.WriteFile(path, []byte(out.String()+rest), 0o644)
}

// worst lists the worst mistakes, each text once.
func worst(set string, all []mistake) string {
	slices.SortStableFunc(all, func(a, b mistake) int { return cmpDown(a.weight, b.weight) })
	lines := []string{fmt.Sprintf("%s (%s)", set, today()), ""}
	var seen []string
	for _, m := range all {
		if text := oneLine(m.text); len(seen) < worstCount && !slices.Contains(seen, text) {
			seen = append(seen, text)
			lines = append(lines, fmt.Sprintf("%d. %s", len(seen), text))
		}
	}
	if len(seen) == 0 {
		lines = append(lines, "No error on this set.")
	}
	return strings.Join(lines, "\n")
}

func cmpDown(a, b float64) int {
	switch {
	case a > b:
		return -1
	case a < b:
		return 1
	}
	return 0
}

// oneLine makes a text fit a list of Markdown.
func oneLine(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	return strings.NewReplacer("<", "&lt;", "|", "\\|", "*", "\\*", "_", "\\_", "`", "'").Replace(s)
}
