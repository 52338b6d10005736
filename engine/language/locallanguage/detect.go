package locallanguage

import (
	"strings"
	"unicode"

	"github.com/abadojack/whatlanggo"
)

// scripts that mean one language, or one above all.
var scripts = []struct {
	table *unicode.RangeTable
	lang  string
	sure  float64
}{
	{unicode.Hiragana, "ja", 1}, {unicode.Katakana, "ja", 0.95}, {unicode.Hangul, "ko", 1}, {unicode.Han, "zh", 0.95}, {unicode.Devanagari, "hi", 0.85},
	{unicode.Arabic, "ar", 0.85}, {unicode.Hebrew, "he", 0.95}, {unicode.Greek, "el", 1}, {unicode.Thai, "th", 1}, {unicode.Bengali, "bn", 0.9},
	{unicode.Tamil, "ta", 1}, {unicode.Telugu, "te", 1}, {unicode.Gujarati, "gu", 1}, {unicode.Georgian, "ka", 1}, {unicode.Armenian, "hy", 1},
}

// latin are the languages that trigrams tell apart well enough; more of them make short texts worse.
var latin = map[whatlanggo.Lang]bool{
	whatlanggo.Eng: true, whatlanggo.Spa: true, whatlanggo.Fra: true, whatlanggo.Deu: true, whatlanggo.Por: true, whatlanggo.Ita: true, whatlanggo.Nld: true,
	whatlanggo.Swe: true, whatlanggo.Dan: true, whatlanggo.Pol: true, whatlanggo.Tur: true, whatlanggo.Ces: true, whatlanggo.Hun: true, whatlanggo.Ron: true,
	whatlanggo.Fin: true, whatlanggo.Vie: true, whatlanggo.Ind: true,
	whatlanggo.Rus: true, whatlanggo.Ukr: true, whatlanggo.Bul: true, whatlanggo.Srp: true,
}

// detect tells the language of a text and how sure that is: by script, then by function words and trigrams together.
func (a *Analyzer) detect(text string) (string, float64) {
	letters, latins, cyrillic := 0, 0, 0
	counts := make([]int, len(scripts))
	for _, r := range text {
		if !unicode.IsLetter(r) {
			continue
		}
		letters++
		switch {
		case unicode.Is(unicode.Latin, r):
			latins++
		case unicode.Is(unicode.Cyrillic, r):
			cyrillic++
		default:
			for n, s := range scripts {
				if unicode.Is(s.table, r) {
					counts[n]++
					break
				}
			}
		}
	}
	if letters == 0 {
		return "", 0
	}
	if kana := counts[0] + counts[1]; kana*12 > letters && kana+counts[3] > letters/2 {
		return "ja", 1
	}
	for n, c := range counts {
		if 2*c > letters {
			return scripts[n].lang, scripts[n].sure
		}
	}
	if latins < letters/2 && cyrillic < letters/2 {
		return "", 0
	}
	return a.byWords(text, letters)
}

// byWords weighs the share of function words against the trigrams' opinion.
func (a *Analyzer) byWords(text string, letters int) (string, float64) {
	words := 0
	hits := map[string]float64{}
	for _, t := range tokens(text) {
		if !t.word || words > 400 {
			continue
		}
		words++
		w, in := strings.ToLower(t.text), 0
		for _, stop := range a.rules.stop {
			if stop[w] {
				in++
			}
		}
		for lang, stop := range a.rules.stop {
			if stop[w] {
				hits[lang] += 1 / float64(in)
			}
		}
	}
	info := whatlanggo.DetectWithOptions(text, whatlanggo.Options{Whitelist: latin})
	guess := info.Lang.Iso6391()
	best, second := "", 0.0
	score := func(lang string) float64 {
		s := hits[lang] / float64(max(words, 1))
		if lang == guess {
			s += 0.05 + 0.5*info.Confidence*min(1, float64(letters)/60)
		}
		return s
	}
	for lang := range a.rules.stop {
		if s := score(lang); best == "" || s > score(best) || s == score(best) && lang < best {
			best = lang
		}
	}
	if score(guess) >= score(best) {
		best = guess
	}
	for lang := range a.rules.stop {
		if lang != best {
			second = max(second, score(lang))
		}
	}
	top := score(best)
	if top < 0.12 && letters < 200 || best == "" {
		return "", 0
	}
	return best, min(1, 0.35+2*(top-second)) * min(1, 0.5+float64(letters)/60)
}
