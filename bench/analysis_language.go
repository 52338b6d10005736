package main

import (
	"bufio"
	"context"
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"time"

	"showreel/engine/language"
	"showreel/engine/language/locallanguage"
)

// languageTruth holds sentences of our own with their language, a tab between.
//
//go:embed language_truth.txt
var languageTruth string

// personalTruth holds sentences of our own and what of them is personal, as kind=text, with tabs between.
//
//go:embed personal_truth.txt
var personalTruth string

// rowsOf are the lines of a truth file, cut at tabs.
func rowsOf(file string) [][]string {
	var out [][]string
	for sc := bufio.NewScanner(strings.NewReader(file)); sc.Scan(); {
		if line := sc.Text(); line != "" && !strings.HasPrefix(line, "#") {
			out = append(out, strings.Split(line, "\t"))
		}
	}
	return out
}

// benchLanguage asks for the language of sentences, whole and cut to three words, as writing on screen is.
func benchLanguage(ctx context.Context, b *bench) error {
	a, err := locallanguage.New()
	if err != nil {
		return err
	}
	rows := rowsOf(languageTruth)
	set := fmt.Sprintf("%d sentences of our own in %d languages", len(rows), len(countBy(rows)))
	b.on = about{ability: "language", test: set}
	b.searched("language", set+", whole and cut to three words")
	begun := time.Now()
	for _, words := range []int{0, 3} {
		right := 0
		for _, row := range rows {
			text := row[1]
			if f := strings.Fields(text); words > 0 && len(f) > words {
				text = strings.Join(f[:words], " ")
			}
			got, err := a.Analyze(ctx, text, "")
			if err != nil {
				return err
			}
			if got.Language == row[0] {
				right++
				continue
			}
			weight := got.Sure
			if words == 0 {
				weight++
			}
			b.mistaken("language", weight, "%s taken for %s (sure %.2f): %q", row[0], orNone(got.Language), got.Sure, text)
		}
		name := "language of a sentence"
		if words > 0 {
			name = "language of three words"
		}
		b.on.wall = time.Since(begun)
		b.atLeast(name, 100*float64(right)/float64(len(rows)), "% right", 0, "-", fmt.Sprintf("%d of %d", right, len(rows)))
	}
	return nil
}

func countBy(rows [][]string) map[string]int {
	out := map[string]int{}
	for _, r := range rows {
		out[r[0]]++
	}
	return out
}

func orNone(s string) string {
	if s == "" {
		return "nothing"
	}
	return s
}

// benchPersonal looks for personal data in sentences in which it was planted, and in those that only look like it.
func benchPersonal(ctx context.Context, b *bench) error {
	a, err := locallanguage.New()
	if err != nil {
		return err
	}
	rows := rowsOf(personalTruth)
	planted, found, alarms, plain := 0, 0, 0, 0
	for _, row := range rows {
		got, err := a.Analyze(ctx, row[0], "")
		if err != nil {
			return err
		}
		left := slices.Clone(got.Personal)
		plain += btoi(len(row) == 1)
		for _, want := range row[1:] {
			kind, text, _ := strings.Cut(want, "=")
			planted++
			n := slices.IndexFunc(left, func(p language.Personal) bool { return p.Kind == kind && covers(p.Text, text) })
			if n < 0 {
				b.mistaken("pii", 1, "missed %s %q in %q", kind, text, row[0])
				continue
			}
			found++
			left = slices.Delete(left, n, n+1)
		}
		for _, p := range left {
			alarms++
			b.mistaken("pii", p.Score/2, "false alarm %s %q (%.2f, %s) in %q", p.Kind, p.Text, p.Score, p.Why, row[0])
		}
	}
	set := fmt.Sprintf("%d sentences of our own, %d planted, %d with none", len(rows), planted, plain)
	b.on = about{ability: "pii", test: set, synthetic: true}
	b.searched("pii", set)
	b.atLeast("personal data found", 100*float64(found)/float64(planted), "%", 90, "planted truth", fmt.Sprintf("%d of %d; cards, e-mail, phone, IBAN, national ids, plates, names", found, planted))
	b.atLeast("personal data: what is called so and is", 100*float64(found)/float64(max(1, found+alarms)), "%", 80, "planted truth", fmt.Sprintf("%d false alarms", alarms))
	return nil
}

// covers reports whether what was found holds most of what was planted.
func covers(found, planted string) bool {
	plain := func(s string) string {
		return strings.Join(strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return strings.ContainsRune(" .,;:!?-", r) }), "")
	}
	f, p := plain(found), plain(planted)
	return strings.Contains(f, p) || (len(f)*10 >= len(p)*8 && strings.Contains(p, f))
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
