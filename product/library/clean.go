package library

import (
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"showreel/fault"
)

// The limits of what people write about an asset.
const (
	nameBytes        = 255
	titleRunes       = 300
	descriptionRunes = 20_000
	tagsMax          = 100
	tagRunes         = 64
	fieldsMax        = 100
	fieldKeyRunes    = 64
	fieldValueRunes  = 2_000
	rightsRunes      = 1_000
	platformRunes    = 40
)

// CleanName makes the last element of a file name safe to keep and to show: no folders, no control characters, no
// characters that turn the direction of what follows, valid UTF-8 in NFC, at most 255 bytes with its extension kept.
// Letters of every script and emoji stay.
func CleanName(name string) string {
	name = strings.ToValidUTF8(name, "\uFFFD")
	name = strings.ReplaceAll(name, `\`, "/")
	name = path.Base(path.Clean("/" + strings.Map(visible, name)))
	name = strings.TrimSpace(norm.NFC.String(name))
	if name == "/" || strings.Trim(name, ".") == "" {
		return "unnamed"
	}
	if len(name) > nameBytes {
		ext := path.Ext(name)
		if len(ext) > 16 {
			ext = ""
		}
		stem := name[:nameBytes-len(ext)]
		for !utf8.ValidString(stem) {
			stem = stem[:len(stem)-1]
		}
		name = stem + ext
	}
	return name
}

// visible drops control characters and the bidirectional controls with which "gpj.exe" passes for "exe.jpg"; joiners
// stay, for emoji and several scripts need them.
func visible(r rune) rune {
	bidi := r == 0x061C || r == 0x200E || r == 0x200F || (r >= 0x202A && r <= 0x202E) || (r >= 0x2066 && r <= 0x2069)
	if unicode.IsControl(r) || bidi || r == 0xFEFF {
		return -1
	}
	return r
}

// titleOf makes a title from a file's name.
func titleOf(name string) string {
	if stem := strings.TrimSuffix(name, path.Ext(name)); strings.Trim(stem, ".") != "" {
		name = stem
	}
	return strings.Join(strings.Fields(strings.ReplaceAll(name, "_", " ")), " ")
}

// line cleans a one-line text and refuses one above max runes.
func line(what, s string, max int) (string, error) {
	s = strings.Join(strings.Fields(strings.Map(printable, strings.ToValidUTF8(s, "\uFFFD"))), " ")
	return short(what, norm.NFC.String(s), max)
}

// prose cleans a text that may have several lines.
func prose(what, s string, max int) (string, error) {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\r\n", "\n")
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, s)
	return short(what, strings.TrimSpace(norm.NFC.String(s)), max)
}

func printable(r rune) rune {
	if r == '\n' || r == '\r' || r == '\t' {
		return ' '
	}
	if unicode.IsControl(r) {
		return -1
	}
	return r
}

func short(what, s string, max int) (string, error) {
	if n := utf8.RuneCountInString(s); n > max {
		return "", fault.Say("library.clean", what, fault.Invalid, "too-long",
			"The %s has %d characters; at most %d are kept, so shorten it.", what, n, max)
	}
	return s, nil
}

// cleanTags trims, drops empties and repeats (by folded form) and keeps the order.
func cleanTags(tags []string) ([]string, error) {
	out := []string{}
	var seen []string
	for _, tag := range tags {
		tag, err := line("tag", tag, tagRunes)
		if err != nil {
			return nil, err
		}
		key := fold(tag)
		if key == "" || slices.Contains(seen, key) {
			continue
		}
		seen, out = append(seen, key), append(out, tag)
	}
	if len(out) > tagsMax {
		return nil, fault.Say("library.clean", "tags", fault.Invalid, "too-many-tags",
			"An asset has at most %d tags; remove some.", tagsMax)
	}
	return out, nil
}

func cleanFields(fields map[string]string) (map[string]string, error) {
	if len(fields) > fieldsMax {
		return nil, fault.Say("library.clean", "fields", fault.Invalid, "too-many-fields",
			"An asset has at most %d fields; remove some.", fieldsMax)
	}
	out := map[string]string{}
	for k, v := range fields {
		key, err := line("field name", k, fieldKeyRunes)
		if err != nil {
			return nil, err
		}
		value, err := prose("field "+key, v, fieldValueRunes)
		if err != nil {
			return nil, err
		}
		if key != "" && value != "" {
			out[key] = value
		}
	}
	return out, nil
}
