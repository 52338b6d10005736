package locallanguage

import (
	"regexp"
	"strings"
)

var (
	international = regexp.MustCompile(`(?:\+|\b00)\s?([1-9](?:[\s\x{00a0}.\-/]?\(?\d\)?){6,14})`)
	// national are forms that are telephone numbers by themselves; source: ITU-T E.123 and the countries' numbering plans.
	national = []struct {
		shape *regexp.Regexp
		of    string
	}{
		{regexp.MustCompile(`\(?\b[2-9]\d{2}\)?[ .\-][2-9]\d{2}[.\-]\d{4}\b`), "North America"},
		{regexp.MustCompile(`\b0\d{4} \d{6}\b|\b0\d{3} \d{3} \d{4}\b|\b02\d \d{4} \d{4}\b|\b07\d{3} \d{3} \d{3}\b`), "the United Kingdom"},
		{regexp.MustCompile(`\b0[1-9](?:[ .]\d{2}){4}\b`), "France"},
		{regexp.MustCompile(`\(\d{2}\) 9?\d{4}-\d{4}\b`), "Brazil"},
		{regexp.MustCompile(`\b[679]\d{2} \d{3} \d{3}\b`), ""},
		{regexp.MustCompile(`\b0\d{2,4}[/ \-]\d{5,8}\b`), ""},
	}
	anyNumber = regexp.MustCompile(`\(?\d(?:[ .\-/()]{0,2}\d){6,12}`)
	// callWords before a number make it one to call.
	callWords = regexp.MustCompile(`(?i)(phone|telephone|tel\b|mobile|cell\b|call(?: me| us)?(?: at| on| back)?\b|text me|ring (?:me|us)|hotline|fax|whatsapp|dial|my number is|reach (?:me|us)|llam(?:e|a|ar|ame)|teléfono|móvil|appel(?:ez|er|le)|téléphone|portable|joindre|telefon|handy|ruf(?:en)?\b|anrufen|erreich|rufnummer|ligue|telefone|celular|telemóvel|telefono|cellulare|chiam|bel(?:len)?\b|telefoonnummer|फ़?ोन|फोन|मोबाइल|कॉल)`)
	priceSign = regexp.MustCompile(`[$€£¥₹%]\s?$`)
)

// phones are telephone numbers: international ones by their form, national ones by a country's form or by a word such as
// "call" before them. Dates and prices are neither.
func phones(v view, text string, add finding) {
	take := func(start, end int, score float64, why string) {
		if d := onlyDigits(v.text[start:end]); len(d) >= 7 && len(d) <= 15 && edged(v.text, start, end) && !priceSign.MatchString(v.text[:start]) &&
			!isoDate.MatchString(v.text[start:end]) && !dottedDate.MatchString(v.text[start:end]) && strings.Trim(d, d[:1]) != "" {
			add(v, start, end, "phone", score, why)
		}
	}
	for _, m := range international.FindAllStringIndex(v.text, -1) {
		take(m[0], trimmed(v.text, m[0], m[1]), 0.95, "form of an international telephone number (E.164)")
	}
	for _, n := range national {
		for _, m := range n.shape.FindAllStringIndex(v.text, -1) {
			called := contextBefore(v, text, m[0], 48, callWords)
			switch {
			case called:
				take(m[0], m[1], 0.95, "form of a telephone number after a word about calling")
			case n.of != "":
				take(m[0], m[1], 0.85, "form of a telephone number of "+n.of)
			}
		}
	}
	for _, m := range anyNumber.FindAllStringIndex(v.text, -1) {
		if contextBefore(v, text, m[0], 40, callWords) {
			take(m[0], trimmed(v.text, m[0], m[1]), 0.8, "a number after a word about calling")
		}
	}
}

func trimmed(text string, start, end int) int {
	return start + len(strings.TrimRight(text[start:end], " .-/("))
}

// contextBefore reports whether the pattern stands in the text shortly before a place of the view.
func contextBefore(v view, text string, at, reach int, pattern *regexp.Regexp) bool {
	end := v.from[at]
	return pattern.MatchString(text[max(0, end-reach):end])
}
