package locallanguage

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"showreel/engine/language"
)

// months by language: name or short form to number.
var months = map[string]map[string]int{
	"en": monthNames("january february march april may june july august september october november december", "jan feb mar apr may jun jul aug sep oct nov dec"),
	"es": monthNames("enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre"),
	"fr": monthNames("janvier février mars avril mai juin juillet août septembre octobre novembre décembre"),
	"de": monthNames("januar februar märz april mai juni juli august september oktober november dezember"),
	"pt": monthNames("janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro"),
	"it": monthNames("gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre"),
	"nl": monthNames("januari februari maart april mei juni juli augustus september oktober november december"),
	"hi": monthNames("जनवरी फरवरी मार्च अप्रैल मई जून जुलाई अगस्त सितंबर अक्टूबर नवंबर दिसंबर"),
}

func monthNames(lists ...string) map[string]int {
	m := map[string]int{}
	for _, l := range lists {
		for n, w := range strings.Fields(l) {
			m[w] = n + 1
		}
	}
	return m
}

var (
	isoDate    = regexp.MustCompile(`\b(\d{4})-(\d{2})-(\d{2})\b`)
	dottedDate = regexp.MustCompile(`\b(\d{1,2})([./])(\d{1,2})[./](\d{4}|\d{2})\b`)
	dayMonth   = regexp.MustCompile(`\b(\d{1,2})(?:st|nd|rd|th|\.|er|º)?(?: de| of)?\s+(\p{L}[\p{L}\p{M}]*)\.?(?:,?(?:\s+de)?\s+(\d{4}))?`)
	monthDay   = regexp.MustCompile(`(\p{L}[\p{L}\p{M}]*)\.?\s+(\d{1,2})(?:st|nd|rd|th)?\b(?:,?\s+(\d{4}))?`)
	monthYear  = regexp.MustCompile(`(\p{L}[\p{L}\p{M}]*)(?: de)?,?\s+(\d{4})\b`)
	aloneYear  = regexp.MustCompile(`(?i)\b(?:in|since|until|by|from|en|desde|hasta|depuis|seit|im jahr|em|nel|dal)\s+((?:1[5-9]|20)\d{2})\b`)
	weekdays   = regexp.MustCompile(`\b(Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|Montag|Dienstag|Mittwoch|Donnerstag|Freitag|Samstag|Sonntag|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|lunes|martes|miércoles|jueves|viernes|sábado|domingo|segunda-feira|terça-feira|quarta-feira|quinta-feira|sexta-feira)\b`)
)

// month is the number of a month's name in the language, or in English; 0 if it is none.
func month(word, lang string) int {
	word = strings.ToLower(word)
	if n := months[lang][word]; n > 0 {
		return n
	}
	if lang == "" {
		for _, m := range months {
			if m[word] > 0 {
				return m[word]
			}
		}
	}
	return months["en"][word]
}

// dates finds dates and normalises those that are whole to 2026-05-03, a month to 2026-05, a year to 2026, a day without a
// year to --05-03 (ISO 8601). 03/04/2026 has no value in English: two countries read it differently.
func dates(text, lang string) []language.Entity {
	var out []language.Entity
	add := func(start, end int, value string, score float64) {
		out = append(out, language.Entity{Span: language.Span{Start: start, End: end}, Type: language.Date, Text: text[start:end], Value: value, Score: score})
	}
	num := func(s string) int { n, _ := strconv.Atoi(s); return n }
	for _, m := range isoDate.FindAllStringSubmatchIndex(text, -1) {
		if v := day(num(text[m[2]:m[3]]), num(text[m[4]:m[5]]), num(text[m[6]:m[7]])); v != "" {
			add(m[0], m[1], v, 0.99)
		}
	}
	for _, m := range dottedDate.FindAllStringSubmatchIndex(text, -1) {
		d, mo, y := num(text[m[2]:m[3]]), num(text[m[6]:m[7]]), num(text[m[8]:m[9]])
		if y < 100 {
			y += 2000
		}
		first, second := day(y, mo, d), day(y, d, mo)
		slash := text[m[4]:m[5]] == "/" && (lang == "en" || lang == "")
		switch {
		case first == "" && second == "":
		case slash && first != "" && second != "" && first != second:
			add(m[0], m[1], "", 0.8)
		case first != "":
			add(m[0], m[1], first, 0.95)
		case slash:
			add(m[0], m[1], second, 0.95)
		}
	}
	return append(append(out, worded(text, lang)...), loose(text, lang)...)
}

// worded finds dates that name the month.
func worded(text, lang string) []language.Entity {
	var out []language.Entity
	group := func(m []int, n int) string {
		if m[2*n] < 0 {
			return ""
		}
		return text[m[2*n]:m[2*n+1]]
	}
	find := func(pattern *regexp.Regexp, d, mo, y int) {
		for _, m := range pattern.FindAllStringSubmatchIndex(text, -1) {
			n := month(group(m, mo), lang)
			if n == 0 || strings.EqualFold(group(m, mo), "may") && group(m, mo) != "May" {
				continue
			}
			year, _ := strconv.Atoi(group(m, y))
			value, end := "", m[1]
			if d > 0 {
				of, _ := strconv.Atoi(group(m, d))
				if value = day(max(year, 2000), n, of); value == "" {
					continue
				}
				if year == 0 {
					value = "-" + value[4:]
				}
			} else {
				value = fmt.Sprintf("%04d-%02d", year, n)
			}
			start := m[0]
			out = append(out, language.Entity{Span: language.Span{Start: start, End: end}, Type: language.Date, Text: text[start:end], Value: value, Score: 0.95})
		}
	}
	find(dayMonth, 1, 2, 3)
	find(monthDay, 2, 1, 3)
	find(monthYear, 0, 1, 2)
	return out
}

// loose finds years after a preposition and days of the week.
func loose(text, _ string) []language.Entity {
	var out []language.Entity
	for _, m := range aloneYear.FindAllStringSubmatchIndex(text, -1) {
		out = append(out, language.Entity{Span: language.Span{Start: m[2], End: m[3]}, Type: language.Date, Text: text[m[2]:m[3]], Value: text[m[2]:m[3]], Score: 0.8})
	}
	for _, m := range weekdays.FindAllStringIndex(text, -1) {
		out = append(out, language.Entity{Span: language.Span{Start: m[0], End: m[1]}, Type: language.Date, Text: text[m[0]:m[1]], Score: 0.7})
	}
	return out
}

// day is a real day as ISO 8601, or "".
func day(y, m, d int) string {
	t := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	if m < 1 || m > 12 || t.Day() != d || y < 1000 {
		return ""
	}
	return t.Format("2006-01-02")
}
