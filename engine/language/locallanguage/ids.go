package locallanguage

import (
	"regexp"
	"strconv"
	"strings"
)

// idRule is a line of data/ids.tsv.
type idRule struct {
	country, name string
	shape         *regexp.Regexp
	check         string
	context       *regexp.Regexp // words before it
	need          bool           // without such a word it is not reported
}

// checks are the check digits by name. Each gets the number without spaces and signs, in capitals.
var checks = map[string]func(string) bool{
	"none": func(string) bool { return true }, "luhn": luhn, "dni": dni, "nir": nir, "steuerid": steuerID, "codicefiscale": codiceFiscale,
	"nif": nif, "cpf": cpf, "cnpj": cnpj, "ssn": ssn, "verhoeff": verhoeff, "bsn": bsn,
}

// reach is how far before a number its context word may stand, in bytes.
const reach = 60

// nationalIDs are identity numbers by country pack: form, check digit, and for those without a strong check a context word.
func (a *Analyzer) nationalIDs(v view, text string, add finding) {
	for _, r := range a.rules.ids {
		for _, m := range r.shape.FindAllStringIndex(v.text, -1) {
			compact := strings.ToUpper(strings.NewReplacer(" ", "", "-", "", ".", "", "/", "").Replace(v.text[m[0]:m[1]]))
			if !edged(v.text, m[0], m[1]) || !checks[r.check](compact) || strings.Trim(compact, compact[:1]) == "" {
				continue
			}
			named := contextBefore(v, text, m[0], reach, r.context)
			if r.need && !named {
				continue
			}
			score, why := 0.85, "pattern of "+r.country+" "+r.name
			if r.check != "none" {
				why += ", check right"
			}
			if named {
				score, why = 0.98, why+", named before it"
			}
			add(v, m[0], m[1], "national-id", score, why)
		}
	}
}

func luhn(d string) bool {
	sum := 0
	for n := range len(d) {
		x := int(d[len(d)-1-n] - '0')
		if n%2 == 1 {
			if x *= 2; x > 9 {
				x -= 9
			}
		}
		sum += x
	}
	return sum%10 == 0
}

// mod97 is the remainder of ISO 7064 with letters as 10..35.
func mod97(s string) int {
	n := 0
	for _, c := range s {
		if c >= 'A' {
			n = (n*100 + int(c-'A') + 10) % 97
		} else {
			n = (n*10 + int(c-'0')) % 97
		}
	}
	return n
}

func dni(s string) bool {
	if n := strings.IndexByte("XYZ", s[0]); n >= 0 {
		s = strconv.Itoa(n) + s[1:]
	}
	n, err := strconv.Atoi(s[:len(s)-1])
	return err == nil && "TRWAGMYFPDXBNJZSQVHLCKE"[n%23] == s[len(s)-1]
}

func nir(s string) bool {
	s = strings.Replace(strings.Replace(s, "2A", "19", 1), "2B", "18", 1)
	n, err := strconv.ParseInt(s[:13], 10, 64)
	key, err2 := strconv.ParseInt(s[13:], 10, 64)
	return err == nil && err2 == nil && 97-n%97 == key
}

func steuerID(s string) bool {
	product := 10
	for _, c := range s[:10] {
		sum := (int(c-'0') + product) % 10
		if sum == 0 {
			sum = 10
		}
		product = sum * 2 % 11
	}
	return (11-product)%10 == int(s[10]-'0')
}

func codiceFiscale(s string) bool {
	odd := []int{1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23}
	sum := 0
	for n, c := range s[:15] {
		v := int(c - 'A')
		if c <= '9' {
			v = int(c - '0')
		}
		if n%2 == 0 {
			v = odd[v]
		}
		sum += v
	}
	return byte('A'+sum%26) == s[15]
}

// weighted is the remainder of a weighted sum; weights fall from the given one to 2 and begin again at 9 where wrap is set.
func weighted(s string, from int, wrap bool) int {
	sum, w := 0, from
	for _, c := range s {
		sum += int(c-'0') * w
		if w--; w < 2 && wrap {
			w = 9
		}
	}
	return sum % 11
}

// rest is a check digit: 11 minus the remainder, 0 for 10 and 11.
func rest(remainder int) byte {
	if remainder < 2 {
		return '0'
	}
	return byte('0' + 11 - remainder)
}

func nif(s string) bool {
	return strings.IndexByte("1235689", s[0]) >= 0 && rest(weighted(s[:8], 9, false)) == s[8]
}
func cpf(s string) bool {
	return rest(weighted(s[:9], 10, false)) == s[9] && rest(weighted(s[:10], 11, false)) == s[10]
}
func cnpj(s string) bool {
	return rest(weighted(s[:12], 5, true)) == s[12] && rest(weighted(s[:13], 6, true)) == s[13]
}

// bsn is the Dutch test of eleven.
func bsn(s string) bool {
	sum := -int(s[8] - '0')
	for n, c := range s[:8] {
		sum += int(c-'0') * (9 - n)
	}
	return sum%11 == 0
}

// ssn: areas 000, 666 and 9xx, group 00 and serial 0000 were never given out.
func ssn(s string) bool {
	return s[:3] != "000" && s[:3] != "666" && s[0] != '9' && s[3:5] != "00" && s[5:] != "0000"
}

// verhoeff is the check of Verhoeff (1969) by the dihedral group of ten elements.
func verhoeff(s string) bool {
	const multiply = "0123456789" + "1234067895" + "2340178956" + "3401289567" + "4012395678" + "5987604321" + "6598710432" + "7659821043" + "8765932104" + "9876543210"
	const permute = "0123456789" + "1576283094" + "5803796142" + "8916043527" + "9453126870" + "4286573901" + "2793806415" + "7046913258"
	c := 0
	for n := range len(s) {
		x := int(permute[n%8*10+int(s[len(s)-1-n]-'0')] - '0')
		c = int(multiply[c*10+x] - '0')
	}
	return c == 0
}
