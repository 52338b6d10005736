package redact_test

import (
	"strings"
	"testing"

	"showreel/media"
	"showreel/product/analysis/redact"
)

// spokenAs gives each word of a text a second; "~" is a pause of three.
func spokenAs(text string) []media.Word {
	var out []media.Word
	at := media.Time(0)
	for w := range strings.FieldsSeq(text) {
		if w == "~" {
			at += 3 * media.Second
			continue
		}
		out = append(out, media.Word{Text: w, Start: at, End: at + media.Second})
		at += media.Second
	}
	return out
}

func TestNumbersHoweverTheyAreWrittenDown(t *testing.T) {
	for text, want := range map[string][2]int64{
		"My card is four one one one, one one one one now":      {3, 11},
		"My card is 4111, 1111, 1111, 1111. Please":             {3, 7},
		"It is 5500 0000 ~ 0000 0004. Thanks":                   {2, 9},
		"It is zero two zero, ~ seven nine four six, ~ 12":      {2, 16},
		"Sie ist null drei null, zwei vier sechs acht, danke":   {2, 9},
		"It is double four, triple two, one one one one one ok": {3, 11},
		"4-1-1-1-1-1-1-1 he said":                               {0, 1},
	} {
		got := redact.Numbers(spokenAs(text))
		// It reaches to the words beside it, of which each lasts 0.7 s at most.
		if len(got) != 1 || got[0].Start.MS() > 1000*want[0] || got[0].End.MS() < 1000*want[1] || got[0].Start.MS() < 1000*want[0]-300 || got[0].End.MS() > 1000*want[1]+300 {
			t.Error(text, got, want)
		}
	}
	for _, text := range []string{"In 2024 we sold 300 of them", "one of two people", "on the 3rd", "", "one two three ~ ~ four five six seven"} {
		if got := redact.Numbers(spokenAs(text)); len(got) > 0 {
			t.Error(text, got)
		}
	}
}

// TestNumbersWithWrongTimes: a number that is one word begins where the word before it ends, and so does its silence.
func TestNumbersWithWrongTimes(t *testing.T) {
	at := func(ms int64) media.Time { return media.FromMS(ms) }
	words := []media.Word{{Text: "is", Start: at(1200), End: at(1400)}, {Text: "55000000000000004004", Start: at(5448), End: at(9379)}, {Text: "Thank", Start: at(9900), End: at(10100)}}
	got := redact.Numbers(words)
	if len(got) != 1 || got[0].Start.MS() != 1400 || got[0].End.MS() != 9900 {
		t.Error(got)
	}
}

// TestSpeechThatNobodyUnderstood is found where a voice is heard and no word was written down.
func TestSpeechThatNobodyUnderstood(t *testing.T) {
	at := func(ms int64) media.Time { return media.FromMS(ms) }
	words := []media.Word{{Text: "number", Start: at(500), End: at(900)}, {Text: "is...", Start: at(1000), End: at(7000)}, {Text: "Please", Start: at(8000), End: at(8400)}}
	got := redact.Unheard([]media.Range{{Start: at(400), End: at(7500)}, {Start: at(7900), End: at(8600)}}, words)
	if len(got) != 1 || got[0].Start.MS() != 1450 || got[0].End.MS() != 7500 {
		t.Error(got)
	}
	if got := redact.Unheard([]media.Range{{Start: at(400), End: at(1900)}}, words); len(got) != 0 {
		t.Error("ordinary speech", got)
	}
}

func TestAddressesHoweverTheyAreWrittenDown(t *testing.T) {
	for text, want := range map[string]int{
		"write to peter at example dot com today": 1, "write to peter at example.com, at any time": 1, "write to Peter@example.com today": 1, "the address is peteratexample.com at any time": 1, "look at example.org or cat.jpg": 1,
		"we met at noon and at home": 0, "look at this. It ends": 0,
	} {
		if got := redact.Mails(spokenAs(text)); len(got) != want {
			t.Error(text, got)
		}
	}
}
