package catalogue

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// How well an ability knows a language.
const (
	LanguageReady  = "ready"
	LanguageWords  = "words only"
	LanguageAbsent = "absent"
)

// ability is a column of the table.
type ability struct {
	name string
	by   []string
	l    Languages
}

// Knows says how well an ability knows a language (ISO 639), and whether that was measured.
func (b Book) Knows(name, code string) (state string, measured bool) {
	for _, a := range b.abilities() {
		if a.name == name {
			return a.knows(code)
		}
	}
	return LanguageAbsent, false
}

func (a ability) knows(code string) (string, bool) {
	has := func(list []string) bool { return slices.Contains(list, code) || slices.Contains(list, "*") }
	switch {
	case has(a.l.Ready):
		return LanguageReady, has(a.l.Measured)
	case has(a.l.Words):
		return LanguageWords, false
	}
	return LanguageAbsent, false
}

// abilities are those that depend on a language, models' first, each with the languages of all its models.
func (b Book) abilities() []ability {
	var out []ability
	add := func(name, by string, l Languages) {
		if len(l.Ready)+len(l.Words) == 0 {
			return
		}
		i := slices.IndexFunc(out, func(a ability) bool { return a.name == name })
		if i < 0 {
			out = append(out, ability{name: name})
			i = len(out) - 1
		}
		a := &out[i]
		a.by = append(a.by, by)
		a.l.Ready = append(a.l.Ready, l.Ready...)
		a.l.Words = append(a.l.Words, l.Words...)
		a.l.Measured = append(a.l.Measured, l.Measured...)
	}
	for _, m := range b.Models {
		for _, name := range m.Abilities {
			add(name, m.ID, m.Languages)
		}
	}
	for _, a := range b.Builtin {
		add(a.Ability, a.By+", without a model", a.Languages)
	}
	return out
}

// LanguagesPage is docs/languages.md.
func (b Book) LanguagesPage() string {
	list := b.abilities()
	var out strings.Builder
	out.WriteString("# Languages\n\nGenerated from `engine/catalogue/models.yaml` (`make golden`); a test keeps it true. It tells what the models know once they are\n" +
		"installed, default and optional ones; `showreel models list` tells which are installed here.\n\n" +
		"- **ready**: works in this language; **ready?**: the model knows the language, but nobody has measured it here\n" +
		"- **words only**: words are found and shown, but not understood, or the words are English ones\n- **absent** (–): not to be had; an operator's own model can bring it\n\n")
	out.WriteString("## By ability\n\n| ability | by | ready | words only |\n|---|---|---|---|\n")
	for _, a := range list {
		fmt.Fprintf(&out, "| %s | %s | %s | %s |\n", a.name, strings.Join(unique(a.by), ", "), countWords(a.l.Ready), countWords(a.l.Words))
	}
	out.WriteString("\n## By language\n\n| language |")
	for _, a := range list {
		out.WriteString(" " + a.name + " |")
	}
	out.WriteString("\n|---|" + strings.Repeat("---|", len(list)) + "\n")
	for _, code := range codes(list) {
		fmt.Fprintf(&out, "| %s (%s) |", languageName(code), code)
		for _, a := range list {
			state, measured := a.knows(code)
			switch {
			case state == LanguageAbsent:
				state = "–"
			case state == LanguageReady && !measured && !slices.Contains(a.l.Ready, "*"):
				state = "ready?"
			}
			out.WriteString(" " + state + " |")
		}
		out.WriteString("\n")
	}
	out.WriteString("\n## Not to be had\n\nNo package brings these; the ports are there for an operator's own.\n\n| ability | instead |\n|---|---|\n")
	for _, a := range b.Absent {
		fmt.Fprintf(&out, "| %s | %s |\n", a.Ability, a.Instead)
	}
	return out.String()
}

func unique(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return slices.Compact(list)
}

func countWords(list []string) string {
	switch list = unique(list); {
	case len(list) == 0:
		return "–"
	case slices.Contains(list, "*"):
		return "every language"
	case len(list) > 12:
		return fmt.Sprintf("%d languages", len(list))
	}
	names := make([]string, len(list))
	for i, code := range list {
		names[i] = languageName(code)
	}
	return strings.Join(names, ", ")
}

// codes lists every language that any ability names, English first, then by name.
func codes(list []ability) []string {
	var out []string
	for _, a := range list {
		out = append(append(out, a.l.Ready...), a.l.Words...)
	}
	out = slices.DeleteFunc(unique(out), func(c string) bool { return c == "*" || c == "en" })
	slices.SortFunc(out, func(a, b string) int { return strings.Compare(languageName(a), languageName(b)) })
	return append([]string{"en"}, out...)
}

// languageName is a language's English name. Whisper's own codes differ from ISO in one place: jw is Javanese.
func languageName(code string) string {
	if code == "jw" {
		code = "jv"
	}
	tag, err := language.Parse(code)
	if err != nil {
		return code
	}
	if name := display.English.Languages().Name(tag); name != "" {
		return name
	}
	return code
}
