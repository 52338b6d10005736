package locallanguage

import (
	_ "embed" // the tables
	"fmt"
	"regexp"
	"strings"

	"showreel/engine/language"
)

//go:embed data/stopwords.tsv
var stopTable string

//go:embed data/names.tsv
var nameTable string

//go:embed data/ids.tsv
var idTable string

//go:embed data/plates.tsv
var plateTable string

//go:embed data/abuse.tsv
var abuseTable string

type plateRule struct {
	country string
	shape   *regexp.Regexp
}

type abuseRule struct {
	class, why    string
	shape, unless *regexp.Regexp
}

// lines are a table's rows, each with exactly so many fields.
func lines(table string, fields int) ([][]string, error) {
	var out [][]string
	for line := range strings.Lines(table) {
		line = strings.TrimRight(line, "\n")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		f := strings.Split(line, "\t")
		if len(f) != fields {
			return nil, fmt.Errorf("%d fields where %d belong: %s", len(f), fields, line)
		}
		out = append(out, f)
	}
	return out, nil
}

// readRules reads all tables.
func readRules() (rules, error) {
	r := rules{stop: map[string]map[string]bool{}, names: nameLists{}}
	for _, read := range []struct {
		table  string
		fields int
		take   func(f []string) error
	}{
		{stopTable, 2, func(f []string) error { r.stop[f[0]] = set(f[1]); return nil }},
		{nameTable, 2, func(f []string) error { r.names.add(f[0], f[1]); return nil }},
		{idTable, 7, r.addID},
		{plateTable, 3, func(f []string) error {
			shape, err := regexp.Compile(f[1])
			r.plates = append(r.plates, plateRule{f[0], shape})
			return err
		}},
		{abuseTable, 4, r.addAbuse},
	} {
		rows, err := lines(read.table, read.fields)
		if err != nil {
			return r, err
		}
		for _, f := range rows {
			if err := read.take(f); err != nil {
				return r, fmt.Errorf("%s: %w", strings.Join(f[:2], " "), err)
			}
		}
	}
	return r, nil
}

func (r *rules) addID(f []string) error {
	shape, err := regexp.Compile(f[2])
	if err != nil {
		return err
	}
	context, err := regexp.Compile(f[4])
	if checks[f[3]] == nil {
		err = fmt.Errorf("there is no check %q", f[3])
	}
	r.ids = append(r.ids, idRule{f[0], f[1], shape, f[3], context, f[5] == "yes"})
	return err
}

func (r *rules) addAbuse(f []string) error {
	shape, err := regexp.Compile("(?i)" + f[1])
	if err != nil {
		return err
	}
	rule := abuseRule{class: f[0], why: f[3], shape: shape}
	if strings.TrimSpace(f[2]) != "" {
		rule.unless, err = regexp.Compile("(?i)" + f[2])
	}
	r.abuse = append(r.abuse, rule)
	return err
}

var plateWords = regexp.MustCompile(`(?i)(plate|registration|licen[cs]e|number ?plate|\breg\b|vehicle|\bcar\b|matrícula|placa|immatricul|plaque|kennzeichen|nummernschild|targa|kenteken|rejestrac|chapa)`)

// plates are number plates as text. Their forms are those of many other things, so a word such as "plate" or "car" has to
// stand shortly before.
func (a *Analyzer) plates(v view, add finding) {
	for _, r := range a.rules.plates {
		for _, m := range r.shape.FindAllStringIndex(v.text, -1) {
			if edged(v.text, m[0], m[1]) && contextBefore(v, v.text, m[0], reach, plateWords) {
				add(v, m[0], m[1], "plate", 0.8, "pattern of a number plate of "+r.country+" after a word about vehicles")
			}
		}
	}
}

// abusive finds words that moderation should look at. A rule's exception within the same sentence clears it.
func (a *Analyzer) abusive(text string) []language.Personal {
	out := []language.Personal{}
	for _, s := range sentences(text) {
		sentence := text[s.Start:s.End]
		for _, r := range a.rules.abuse {
			if r.unless != nil && r.unless.MatchString(sentence) {
				continue
			}
			for _, m := range r.shape.FindAllStringIndex(sentence, -1) {
				span := language.Span{Start: s.Start + m[0], End: s.Start + m[1]}
				out = append(out, language.Personal{Span: span, Kind: r.class, Text: text[span.Start:span.End], Score: 0.8, Why: r.why})
			}
		}
	}
	return out
}
