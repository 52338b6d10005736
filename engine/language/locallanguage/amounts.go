package locallanguage

import (
	"regexp"
	"strconv"
	"strings"

	"showreel/engine/language"
)

// currencies by sign, code or word.
var currencies = map[string]string{
	"$": "USD", "us$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR", "r$": "BRL",
	"usd": "USD", "eur": "EUR", "gbp": "GBP", "jpy": "JPY", "inr": "INR", "brl": "BRL", "chf": "CHF", "sek": "SEK", "dkk": "DKK", "nok": "NOK", "pln": "PLN",
	"dollar": "USD", "dollars": "USD", "dólares": "USD", "dólar": "USD", "euro": "EUR", "euros": "EUR", "pound": "GBP", "pounds": "GBP", "yen": "JPY",
	"rupee": "INR", "rupees": "INR", "रुपये": "INR", "रुपए": "INR", "reais": "BRL", "real": "BRL", "franken": "CHF", "francs": "CHF", "crowns": "", "kronor": "SEK", "zloty": "PLN",
}

var factors = map[string]float64{
	"": 1, "k": 1e3, "thousand": 1e3, "mil": 1e3, "mille": 1e3, "tausend": 1e3, "m": 1e6, "million": 1e6, "millions": 1e6, "millones": 1e6, "millón": 1e6, "milhões": 1e6, "milhão": 1e6,
	"millionen": 1e6, "mio": 1e6, "bn": 1e9, "billion": 1e9, "milliards": 1e9, "milliard": 1e9, "milliarden": 1e9, "bilhões": 1e9, "lakh": 1e5, "crore": 1e7, "लाख": 1e5, "करोड़": 1e7,
}

const (
	figure = `(\d{1,3}(?:[.,' \x{00a0}]\d{3})+(?:[.,]\d{1,2})?|\d+(?:[.,]\d+)?)`
	factor = `(?:\s?(thousand|millions?|billion|milliards?|millionen|milliarden|mio|millones|millón|milhões|milhão|bilhões|mil|mille|tausend|lakh|crore|लाख|करोड़|bn|k|m)\b)?`
	named  = `(US dollars|dollars?|dólares|dólar|euros?|pounds|yen|rupees?|रुपये|रुपए|reais|franken|francs|crowns|kronor|zloty)`
)

var (
	signFirst = regexp.MustCompile(`(?i)(US\$|R\$|[$€£¥₹]|\b(?:USD|EUR|GBP|JPY|INR|BRL|CHF|SEK|DKK|NOK|PLN)\b)\s?` + figure + factor)
	signLast  = regexp.MustCompile(`(?i)` + figure + factor + `\s?(?:de\s|d'|of\s)?(€|£|\b(?:EUR|USD|CHF|GBP|SEK|DKK|NOK|PLN)\b|` + named + `)`)
	inWords   = regexp.MustCompile(`(?i)\b((?:(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|million|billion|half a|a|and)[\s-])+)` + named)
	measured  = regexp.MustCompile(`(?i)` + figure + `\s?(%|°C|°F|km/h|mph|km|kg|cm|mm|m²|m|g|t|l|ml|GB|MB|TB|kW|MW|GW|kWh|MHz|GHz|percent|per cent|prozent|por ciento|por cento|pour cent|प्रतिशत|kilomet(?:er|re)s?|met(?:er|re)s?|miles?|kilos?|kilograms?|tonnes?|tons?|lit(?:er|re)s?|degrees|hours?|minutes?|seconds?|days?|weeks?|months?|years?|stunden?|minuten?|tage|jahre|heures?|jours|ans|horas?|minutos?|días|años|dias|anos|people|personen|personas|personnes|pessoas)(?:$|[^\p{L}\d])`)
)

// amounts finds money and quantities. Money is normalised to "EUR 12.50", a quantity to "12.5 kg".
func amounts(text, lang string) []language.Entity {
	var out []language.Entity
	add := func(start, end int, kind, value string, score float64) {
		out = append(out, language.Entity{Span: language.Span{Start: start, End: end}, Type: kind, Text: text[start:end], Value: value, Score: score})
	}
	part := func(m []int, n int) string {
		if m[2*n] < 0 {
			return ""
		}
		return text[m[2*n]:m[2*n+1]]
	}
	for _, m := range signFirst.FindAllStringSubmatchIndex(text, -1) {
		add(m[0], m[1], language.Money, money(part(m, 1), number(part(m, 2), lang), part(m, 3)), 0.97)
	}
	for _, m := range signLast.FindAllStringSubmatchIndex(text, -1) {
		if m[0] > 0 && strings.ContainsRune(".,-$", rune(text[m[0]-1])) {
			continue
		}
		add(m[0], m[1], language.Money, money(part(m, 3), number(part(m, 1), lang), part(m, 2)), 0.95)
	}
	for _, m := range inWords.FindAllStringSubmatchIndex(text, -1) {
		if v, ok := spelled(part(m, 1)); ok {
			add(m[0], m[1], language.Money, money(part(m, 2), v, ""), 0.85)
		}
	}
	for _, m := range measured.FindAllStringSubmatchIndex(text, -1) {
		if m[0] > 0 && strings.ContainsRune(".,-$€£", rune(text[m[0]-1])) {
			continue
		}
		add(m[2], m[5], language.Quantity, strconv.FormatFloat(number(part(m, 1), lang), 'f', -1, 64)+" "+part(m, 2), 0.9)
	}
	return out
}

// money is "EUR 12.50", or "12.50" where the currency is not one of ISO 4217.
func money(sign string, value float64, by string) string {
	sign = strings.TrimPrefix(strings.ToLower(sign), "us ")
	code := currencies[sign]
	if f := factors[strings.ToLower(by)]; f > 0 {
		value *= f
	}
	s := strconv.FormatFloat(value, 'f', 2, 64)
	return strings.TrimSpace(code + " " + strings.TrimSuffix(s, ".00"))
}

// number reads 1,234.56 and 1.234,56: the last sign is the decimal one if it stands alone and not before three digits; then
// the language decides.
func number(s, lang string) float64 {
	s = strings.NewReplacer(" ", "", "\u00a0", "", "'", "").Replace(s)
	dot, comma := strings.LastIndexByte(s, '.'), strings.LastIndexByte(s, ',')
	decimal := byte('.')
	switch {
	case dot >= 0 && comma >= 0:
		if comma > dot {
			decimal = ','
		}
	case comma >= 0:
		if len(s)-comma-1 != 3 || strings.Count(s, ",") == 1 && lang != "en" && lang != "hi" && lang != "" {
			decimal = ','
		}
	case dot >= 0:
		if strings.Count(s, ".") > 1 || len(s)-dot-1 == 3 && lang != "en" && lang != "hi" && lang != "" {
			decimal = ','
		}
	}
	s = strings.Map(func(r rune) rune {
		switch {
		case r == rune(decimal):
			return '.'
		case r == '.' || r == ',':
			return -1
		}
		return r
	}, s)
	v, _ := strconv.ParseFloat(s, 64)
	return v
}

var ones = strings.Fields("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen")
var tens = strings.Fields("- - twenty thirty forty fifty sixty seventy eighty ninety")

// spelled reads an English number in words: "four hundred thousand".
func spelled(s string) (float64, bool) {
	total, part, any := 0.0, 0.0, false
	for _, w := range strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return r == ' ' || r == '-' || r == '\n' || r == '\t' }) {
		switch w {
		case "a", "and":
			continue
		case "hundred":
			part = max(part, 1) * 100
		case "thousand", "million", "billion":
			total, part = total+max(part, 1)*factors[w], 0
		case "half":
			part += 0.5
		default:
			for n, x := range ones {
				if w == x {
					part += float64(n)
				}
			}
			for n, x := range tens {
				if w == x {
					part += float64(10 * n)
				}
			}
		}
		any = true
	}
	return total + part, any && total+part > 0
}
