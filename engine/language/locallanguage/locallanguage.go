// Package locallanguage drives the Analyzer of engine/language in process, in Go: language, sentences, entities, key
// phrases, sentiment, personal data and abusive words. Small models do what they do well (whatlanggo: trigrams of languages;
// prose: English names; govader: English sentiment, Hutto and Gilbert 2014); everything with a form (dates, money, cards,
// accounts, national ids) is rules with their check digits, and their data lie in data/ with a source line each.
//
// It reads words and forms, not meaning: irony, coreference and names in languages without capitals escape it. Sentiment is
// given for English only. What it finds of personal data is marked with why it was found; what it misses is measured in the
// tests of product/analysis, and no promise is made that nothing is missed.
package locallanguage

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"unicode/utf8"

	"github.com/jdkato/prose/v2"
	"github.com/jonreiter/govader"

	"showreel/engine/language"
	"showreel/fault"
)

// most is the longest text, in bytes.
const most = 100_000

// Analyzer implements language.Analyzer. It is safe for concurrent use; the models are loaded at their first use.
type Analyzer struct {
	rules rules

	mu    sync.Mutex // the models are not made for several at once
	names *prose.Model
	moods *govader.SentimentIntensityAnalyzer
}

// rules are the tables of data/.
type rules struct {
	stop   map[string]map[string]bool // stop words by language
	names  nameLists
	ids    []idRule
	plates []plateRule
	abuse  []abuseRule
}

// New reads the tables. Kind: fault.Internal where one of them is damaged, which a test rules out.
func New() (*Analyzer, error) {
	r, err := readRules()
	if err != nil {
		return nil, fault.E("locallanguage.new", "", fault.Internal, err)
	}
	return &Analyzer{rules: r}, nil
}

// rulesVersion is of the rules for personal data (personal.go); whoever changes what they find raises it.
const rulesVersion = "2"

// Analyze implements language.Analyzer.
func (a *Analyzer) Analyze(ctx context.Context, text, lang string) (language.Analysis, error) {
	const op = "language.analyze"
	switch {
	case len(text) > most:
		return language.Analysis{}, fault.Say(op, "", fault.TooLarge, "text-too-long", "At most %d bytes of text are analysed at once; split it.", most)
	case !utf8.ValidString(text):
		return language.Analysis{}, fault.Say(op, "", fault.Invalid, "bad-text", "The text is not valid UTF-8.")
	case ctx.Err() != nil:
		return language.Analysis{}, fault.E(op, "", fault.Canceled, ctx.Err())
	}
	out := language.Analysis{Language: lang, Sure: 1, Models: []string{"locallanguage 1", "personal-data rules " + rulesVersion}}
	if lang == "" {
		out.Language, out.Sure = a.detect(text)
		out.Models = append(out.Models, "whatlanggo 1.0.1")
	}
	if len(out.Language) > 2 {
		out.Language = out.Language[:2] // "en-GB"
	}
	out.Sentences = sentences(text)
	words := tokens(text)
	forms := append(dates(text, out.Language), amounts(text, out.Language)...)
	named, model := a.named(text, words, out.Sentences, out.Language)
	out.Entities = settled(append(forms, named...))
	out.Phrases = a.phrases(text, words, out.Sentences, out.Language)
	if out.Language == "en" {
		out.Sentiment = a.feelings(text, out.Sentences)
		out.Models = append(out.Models, "govader 2025-04-29")
	}
	if model != "" {
		out.Models = append(out.Models, model)
	}
	out.Personal = a.personal(text, words, out.Entities)
	out.Abusive = a.abusive(text)
	return out, ctx.Err()
}

// settled orders entities and keeps the better of two that overlap: the longer, then the surer.
func settled(all []language.Entity) []language.Entity {
	slices.SortStableFunc(all, func(x, y language.Entity) int {
		return cmp.Or(cmp.Compare(y.End-y.Start, x.End-x.Start), cmp.Compare(y.Score, x.Score), cmp.Compare(x.Start, y.Start))
	})
	out := []language.Entity{}
	for _, e := range all {
		if !slices.ContainsFunc(out, func(o language.Entity) bool { return e.Start < o.End && o.Start < e.End }) {
			out = append(out, e)
		}
	}
	slices.SortFunc(out, func(x, y language.Entity) int { return cmp.Compare(x.Start, y.Start) })
	return out
}

// feelings is the sentiment of each sentence; English only.
func (a *Analyzer) feelings(text string, all []language.Span) []language.Feeling {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.moods == nil {
		a.moods = govader.NewSentimentIntensityAnalyzer()
	}
	out := make([]language.Feeling, len(all))
	for n, s := range all {
		score := a.moods.PolarityScores(text[s.Start:s.End]).Compound
		if score != score { // a sentence without words
			score = 0
		}
		out[n] = language.Feeling{Span: s, Score: max(-1, min(1, score))}
	}
	return out
}
