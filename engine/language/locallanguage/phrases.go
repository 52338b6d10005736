package locallanguage

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"showreel/engine/language"
)

// mostPhrases is how many key phrases are given.
const mostPhrases = 15

// phrases are key phrases by RAKE (Rose et al. 2010): runs of words between function words and signs, scored by how many
// words each of their words keeps company with, and here also by how often the phrase is said. A language without a list of
// function words has none.
func (a *Analyzer) phrases(text string, words []token, all []language.Span, lang string) []language.Phrase {
	stop := a.rules.stop[lang]
	if stop == nil {
		return []language.Phrase{}
	}
	type found struct {
		words []string
		spans []language.Span
	}
	phrases := map[string]*found{}
	freq, degree := map[string]float64{}, map[string]float64{}
	for _, run := range runs(words, all, stop) {
		var key []string
		for _, t := range run {
			key = append(key, strings.ToLower(t.text))
		}
		name := strings.Join(key, " ")
		p := phrases[name]
		if p == nil {
			p = &found{words: key}
			phrases[name] = p
		}
		p.spans = append(p.spans, language.Span{Start: run[0].Start, End: run[len(run)-1].End})
		for _, w := range key {
			freq[w]++
			degree[w] += float64(len(key))
		}
	}
	out := []language.Phrase{}
	for _, p := range phrases {
		score := 0.0
		for _, w := range p.words {
			score += degree[w] / freq[w] * (1 + math.Log(freq[w]))
		}
		score *= 1 + math.Log(float64(len(p.spans)))
		out = append(out, language.Phrase{Text: text[p.spans[0].Start:p.spans[0].End], Score: math.Round(100*score) / 100, Spans: p.spans})
	}
	slices.SortFunc(out, func(x, y language.Phrase) int {
		return cmp.Or(cmp.Compare(y.Score, x.Score), cmp.Compare(x.Spans[0].Start, y.Spans[0].Start))
	})
	return out[:min(len(out), mostPhrases)]
}

// runs are the stretches of at most four content words within a sentence.
func runs(words []token, all []language.Span, stop map[string]bool) [][]token {
	var out [][]token
	var now []token
	sentence := 0
	flush := func() {
		if len(now) > 0 && len(now) <= 4 && (len(now) > 1 || utf8.RuneCountInString(now[0].text) > 3) {
			out = append(out, now)
		}
		now = nil
	}
	for _, t := range words {
		for sentence < len(all) && t.Start >= all[sentence].End {
			flush()
			sentence++
		}
		if !t.word || stop[strings.ToLower(strings.ReplaceAll(t.text, "’", "'"))] || digits(t.text) {
			flush()
			continue
		}
		now = append(now, t)
	}
	flush()
	return out
}
