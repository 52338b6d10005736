package locallanguage

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/jdkato/prose/v2"

	"showreel/engine/language"
)

// nameLists are the words of data/names.tsv by kind.
type nameLists map[string]map[string]bool

func (l nameLists) add(kind, words string) {
	l[kind] = map[string]bool{}
	for w := range strings.SplitSeq(words, "|") {
		l[kind][w] = true
	}
}

// run is words with capitals that may name something.
type run struct {
	words []token
	first bool   // it begins a sentence
	title string // "Dr" before it
	after string // the word before it, lower case
	next  string // the word after it, lower case
}

func (r run) span() language.Span {
	return language.Span{Start: r.words[0].Start, End: r.words[len(r.words)-1].End}
}

// named finds people, places and organisations. Runs of capitals are typed by titles, first names and lists; for English
// prose's model says what it takes an unknown run for. The second result names that model.
func (a *Analyzer) named(text string, words []token, all []language.Span, lang string) ([]language.Entity, string) {
	var out []language.Entity
	model := ""
	opinion := map[string]string{}
	if lang == "en" {
		opinion, model = a.opinions(text), "prose 2.0.0"
	}
	shout := shouted(words)
	for _, r := range a.runsOfCapitals(words, all) {
		kind, score := a.kind(r, opinion, lang, shout)
		if kind == "" {
			continue
		}
		s := r.span()
		out = append(out, language.Entity{Span: s, Type: kind, Text: text[s.Start:s.End], Score: score})
	}
	return out, model
}

// shouted reports a text in capitals, where capitals say nothing.
func shouted(words []token) bool {
	capital, n := 0, 0
	for _, t := range words {
		if t.word && len(t.text) > 3 {
			n++
			if strings.ToUpper(t.text) == t.text && strings.ToLower(t.text) != t.text {
				capital++
			}
		}
	}
	return n > 3 && 2*capital > n
}

// opinions are prose's entities by the words of each.
func (a *Analyzer) opinions(text string) (out map[string]string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	out = map[string]string{}
	defer func() {
		if recover() != nil { // the model stumbles over some texts; then the rules speak alone
			out = map[string]string{}
		}
	}()
	options := []prose.DocOpt{prose.WithSegmentation(false)}
	if a.names != nil {
		options = append(options, prose.UsingModel(a.names))
	}
	doc, err := prose.NewDocument(text, options...)
	if err != nil {
		return out
	}
	a.names = doc.Model
	for _, e := range doc.Entities() {
		kind := language.Place
		if e.Label == "PERSON" {
			kind = language.Person
		}
		for w := range strings.FieldsSeq(e.Text) {
			out[w] = kind
		}
	}
	return out
}

// runsOfCapitals gathers capitalised words of one sentence, with "of", "de" and the like between two of them.
func (a *Analyzer) runsOfCapitals(words []token, all []language.Span) []run {
	var out []run
	sentence, start := 0, true
	for n := 0; n < len(words); n++ {
		for sentence < len(all) && words[n].Start >= all[sentence].End {
			sentence++
			start = true
		}
		if !words[n].word {
			continue
		}
		if !capital(words[n]) {
			start = false
			continue
		}
		end := n + 1
		limit := len(words)
		for end < limit && sentence < len(all) && words[end].End <= all[sentence].End {
			gap := a.joins(words, n, end)
			switch {
			case words[end].word && capital(words[end]):
				end++
				continue
			case (gap || words[end].text == "." && initial(words[end-1])) && end+1 < limit && words[end+1].word && capital(words[end+1]):
				end += 2
				continue
			}
			break
		}
		r := a.trimmed(run{words: words[n:end], first: start}, words, n, end)
		if len(r.words) > 0 {
			out = append(out, r)
		}
		n, start = end-1, false
	}
	return out
}

// joining are small words inside names; "the" and "and" are not: they join two names.
var joining = set("of de da do dos del der den van von la le di du bin al el for")

// joins reports a small word at that may hold two capitals together: "of" and "for" do so after "Bank" or "Bay", the others
// after any name but a title.
func (a *Analyzer) joins(words []token, from, at int) bool {
	w, before := strings.ToLower(words[at].text), strings.ToLower(words[at-1].text)
	if w == "of" || w == "for" {
		return a.rules.names["org"][before] || a.rules.names["place"][before] || a.rules.names["lead"][before]
	}
	return joining[w] && !(at-from == 1 && a.rules.names["title"][before])
}

func capital(t token) bool {
	r, _ := utf8.DecodeRuneInString(t.text)
	return unicode.IsUpper(r)
}

func initial(t token) bool { return utf8.RuneCountInString(t.text) == 1 }

// trimmed takes titles and words that name nothing off the ends of a run, and possessives.
func (a *Analyzer) trimmed(r run, words []token, from, to int) run {
	for len(r.words) > 0 {
		w := strings.ToLower(r.words[0].text)
		known := a.rules.names["known-place"][lowered(r.words)] || a.rules.names["known-org"][lowered(r.words)]
		switch {
		case known:
		case a.rules.names["title"][w]:
			r.title, r.first = w, false
			r.words = r.words[1:]
			continue
		case (a.rules.names["never"][w] || r.first && a.rules.stop["en"][w]) && !a.rules.names["lead"][w] || joining[w] || !r.words[0].word:
			r.words = r.words[1:]
			r.first = false
			continue
		}
		break
	}
	for len(r.words) > 0 && (a.rules.names["never"][strings.ToLower(r.words[len(r.words)-1].text)] || joining[strings.ToLower(r.words[len(r.words)-1].text)]) {
		r.words = r.words[:len(r.words)-1]
	}
	if len(r.words) == 0 {
		return r
	}
	r.words = slices.Clone(r.words)
	last := &r.words[len(r.words)-1]
	for _, s := range []string{"'s", "’s"} {
		if cut, ok := strings.CutSuffix(last.text, s); ok && cut != "" {
			last.text, last.End = cut, last.End-len(s)
		}
	}
	if from > 0 {
		r.after = strings.ToLower(words[from-1].text)
		if r.title == "" && (a.rules.names["title"][r.after] || r.after == "." && from > 1 && a.rules.names["title"][strings.ToLower(words[from-2].text)]) {
			r.title = r.after
		}
	}
	if to < len(words) {
		r.next = strings.ToLower(words[to].text)
	}
	return r
}

func lowered(words []token) string {
	var all []string
	for _, t := range words {
		all = append(all, strings.ToLower(t.text))
	}
	return strings.Join(all, " ")
}

// locating are prepositions before places, saying are words of speech beside people.
var (
	locating = set("in at from to near towards en desde hacia à nach aus em para")
	saying   = set("said says told asked added explained replied dijo afirmó dit sagte disse")
)

// kind types a run: what is known, then titles and words inside, then the surroundings, then the model's opinion.
func (a *Analyzer) kind(r run, opinion map[string]string, lang string, shout bool) (string, float64) {
	l, name := a.rules.names, lowered(r.words)
	first, last := strings.ToLower(r.words[0].text), strings.ToLower(r.words[len(r.words)-1].text)
	holds := func(kind string) bool {
		return slices.ContainsFunc(r.words, func(t token) bool { return l[kind][strings.ToLower(t.text)] })
	}
	many := len(r.words) > 1
	switch {
	case l["known-place"][name]:
		return language.Place, 0.95
	case l["known-org"][name]:
		return language.Organisation, 0.95
	case shout:
		return "", 0
	case r.title != "" && !holds("org") && lang != "":
		return language.Person, 0.95
	case many && holds("org"):
		return language.Organisation, 0.85
	case many && (l["place"][last] || l["lead"][first] && !l["first"][first] || l["place"][first] && lang != "en"):
		return language.Place, 0.85
	case many && l["first"][first] && len(r.words) <= 4:
		return language.Person, 0.9
	case lang == "de" && !many: // German gives every noun a capital
		return "", 0
	case !many && acronym(r.words[0].text) && !r.first:
		return language.Organisation, 0.6
	}
	return a.guess(r, opinion, many && len(r.words) <= 4)
}

// guess types a run by its surroundings and the model's opinion.
func (a *Analyzer) guess(r run, opinion map[string]string, full bool) (string, float64) {
	votes := map[string]int{}
	for _, t := range r.words {
		votes[opinion[t.text]]++
	}
	best := cmp.Compare(votes[language.Person], votes[language.Place])
	switch {
	case saying[r.after] || saying[r.next]:
		return language.Person, 0.75
	case locating[r.after] && (best <= 0 && votes[language.Place] > 0 || !r.first && best == 0 && !full):
		return language.Place, 0.7
	case full && best > 0:
		return language.Person, 0.7
	case !full && !r.first && a.rules.names["first"][strings.ToLower(r.words[0].text)]:
		return language.Person, 0.65
	case best > 0 && !r.first:
		return language.Person, 0.5
	case best < 0 && (full || !r.first):
		return language.Place, 0.5
	}
	return "", 0
}

func acronym(w string) bool {
	n := utf8.RuneCountInString(w)
	return n >= 3 && n <= 5 && strings.ToUpper(w) == w && !strings.ContainsAny(w, "0123456789")
}
