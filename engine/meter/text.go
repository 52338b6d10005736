package meter

import (
	"bufio"
	"io"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// ServeHTTP answers with all series in Prometheus' text format 0.0.4.
func (r *Registry) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	_ = r.WriteText(w) // the scraper went away
}

// WriteText writes all series in Prometheus' text format 0.0.4, ordered by name and labels.
func (r *Registry) WriteText(w io.Writer) error {
	b := bufio.NewWriter(w)
	for _, f := range r.sorted() {
		if f.help != "" {
			b.WriteString("# HELP " + f.name + " " + strings.NewReplacer(`\`, `\\`, "\n", `\n`).Replace(f.help) + "\n")
		}
		b.WriteString("# TYPE " + f.name + " " + string(f.kind) + "\n")
		for _, s := range f.sorted() {
			f.writeSeries(b, s)
		}
	}
	return b.Flush()
}

func (f *family) writeSeries(b *bufio.Writer, s *series) {
	labels := f.render(s)
	value := math.Float64frombits(s.value.Load())
	if f.kind != histogramKind {
		writeLine(b, f.name, labels, value)
		return
	}
	var sum uint64
	for i := range s.buckets {
		sum += s.buckets[i].Load()
		bound := math.Inf(1)
		if i < len(f.bounds) {
			bound = f.bounds[i]
		}
		le := `le="` + number(bound) + `"`
		if labels != "" {
			le = labels + "," + le
		}
		writeLine(b, f.name+"_bucket", le, float64(sum))
	}
	writeLine(b, f.name+"_sum", labels, value)
	writeLine(b, f.name+"_count", labels, float64(sum))
}

func writeLine(b *bufio.Writer, name, labels string, value float64) {
	b.WriteString(name)
	if labels != "" {
		b.WriteString("{" + labels + "}")
	}
	b.WriteString(" " + number(value) + "\n")
}

func number(v float64) string {
	switch {
	case math.IsInf(v, 1):
		return "+Inf"
	case math.IsInf(v, -1):
		return "-Inf"
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

// render writes label values as `a="x",b="y"`.
func (f *family) render(s *series) string {
	escape := strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`)
	var out []string
	for i, l := range f.labels {
		out = append(out, l+`="`+escape.Replace(strings.ToValidUTF8(s.values[i], "\uFFFD"))+`"`)
	}
	return strings.Join(out, ",")
}

func (r *Registry) sorted() []*family {
	r.mu.RLock()
	defer r.mu.RUnlock()
	out := make([]*family, 0, len(r.families))
	for _, f := range r.families {
		out = append(out, f)
	}
	slices.SortFunc(out, func(a, b *family) int { return strings.Compare(a.name, b.name) })
	return out
}

func (f *family) sorted() []*series {
	f.mu.RLock()
	defer f.mu.RUnlock()
	out := make([]*series, 0, len(f.series))
	for _, s := range f.series {
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b *series) int { return slices.Compare(a.values, b.values) })
	return out
}
