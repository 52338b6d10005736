package locallanguage_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"showreel/engine/language"
	"showreel/engine/language/languagetest"
	"showreel/engine/language/locallanguage"
)

// once: the tables and models are loaded for all tests together, as the server does.
var once = sync.OnceValues(locallanguage.New)

func open(t testing.TB) *locallanguage.Analyzer {
	t.Helper()
	a, err := once()
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func analyze(t *testing.T, a *locallanguage.Analyzer, text, lang string) language.Analysis {
	t.Helper()
	got, err := a.Analyze(t.Context(), text, lang)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestSuite(t *testing.T) { languagetest.Analyzer(t, open(t)) }

func FuzzOffsets(f *testing.F) {
	a := open(f)
	for _, s := range []string{"Dr. Smith paid €12,50 on 3 May 2026.", "four one one one double one", "a at b dot org", "İ. ß’s ＡＢ", "GB82 WEST 1234 5698 7654 32", "कॉल ९८७६५ 98765 43210", "I will kill you!"} {
		f.Add(s, "en")
		f.Add(s, "")
	}
	f.Fuzz(func(t *testing.T, text, lang string) {
		if utf8.ValidString(text) && len(text) < 2_000 {
			languagetest.Check(t, a, text, lang)
		}
	})
}

func TestLanguages(t *testing.T) {
	a := open(t)
	for text, want := range map[string]string{
		"Good evening, here is the news.": "en", "The council approved the budget on Monday.": "en", "hello": "en", "Guten Abend, hier sind die Nachrichten.": "de",
		"Buenas noches, estas son las noticias.": "es", "Bonsoir, voici les informations.": "fr", "Boa noite, estas são as notícias.": "pt", "नमस्कार, ये आज के समाचार हैं।": "hi",
		"こんばんは、ニュースです。": "ja", "東京で会議を開く。": "ja", "晚上好，这里是新闻。": "zh", "안녕하세요": "ko", "Buonasera, ecco le notizie.": "it", "Goedenavond, dit is het nieuws.": "nl",
		"Добрый вечер, это новости.": "ru", "مساء الخير، هذه الأخبار": "ar", "ערב טוב": "he", "Καλησπέρα": "el", "Dobry wieczór, oto wiadomości, które są dla nas ważne.": "pl",
		"Der Bürgermeister hat die Brücke eröffnet und alle Bürger eingeladen.": "de", "El alcalde inauguró el puente y habló con los vecinos.": "es", "O prefeito abriu a ponte e falou com os moradores.": "pt",
		"Le maire a inauguré le pont et il a parlé avec les habitants.": "fr", "12345 …": "", "": "",
	} {
		if got := analyze(t, a, text, ""); got.Language != want || want == "" && got.Sure != 0 {
			t.Errorf("%q is %q (%.2f), want %q", text, got.Language, got.Sure, want)
		}
	}
	if short, long := analyze(t, a, "hello", "").Sure, analyze(t, a, "The council approved the budget on Monday, and the mayor was happy with that.", "").Sure; short >= long {
		t.Errorf("one word is as sure (%.2f) as a sentence (%.2f)", short, long)
	}
}

func TestSentences(t *testing.T) {
	a := open(t)
	for _, want := range [][]string{
		{"Dr. Smith arrived at 5 p.m. on Monday.", "He paid 12.50 dollars.", "Why?"},
		{"“Is it over?” she asked.", "“Yes!”", "It was."},
		{"The U.S. economy grew by 3.5 percent.", "J. R. Hartley wrote it."},
		{"Visit example.org today.", "It is free..."},
		{"Am 3. Mai kam er z.B. mit Dr. Braun.", "Dann ging er."},
		{"这是第一句。", "这是第二句！", "「好。」", "完"},
		{"यह पहला वाक्य है।", "यह दूसरा है।"},
		{"¿Qué hora es?", "Son las tres.", "¡Vamos!"},
		{"Il a dit : « Oui. »", "Puis M. Durand est parti."},
		{"A line without a stop", "Another paragraph"},
	} {
		text := strings.Join(want, " ")
		if want[0] == "A line without a stop" {
			text = strings.Join(want, "\n\n")
		}
		var got []string
		for _, s := range analyze(t, a, text, "en").Sentences {
			got = append(got, text[s.Start:s.End])
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
	}
}

func TestForms(t *testing.T) {
	a := open(t)
	for _, c := range []struct{ lang, text, kind, value string }{
		{"en", "It opened on 3 May 2026.", "date", "2026-05-03"}, {"en", "It opened on May 3rd, 2026.", "date", "2026-05-03"}, {"en", "on 2026-11-24", "date", "2026-11-24"},
		{"en", "born 25/12/1990", "date", "1990-12-25"}, {"en", "on 03/04/2026", "date", ""}, {"de", "am 03.04.2026", "date", "2026-04-03"}, {"de", "am 3. Mai 2026", "date", "2026-05-03"},
		{"es", "el 3 de mayo de 2026", "date", "2026-05-03"}, {"fr", "le 1er août 2026", "date", "2026-08-01"}, {"pt", "em 3 de março de 2026", "date", "2026-03-03"}, {"hi", "3 मई 2026 को", "date", "2026-05-03"},
		{"en", "in March 2025 it", "date", "2025-03"}, {"en", "since 1987", "date", "1987"}, {"en", "on 4 July they", "date", "--07-04"},
		{"en", "It cost $12.50.", "money", "USD 12.50"}, {"en", "a deal of €3 million", "money", "EUR 3000000"}, {"de", "Das kostet 1.234,56 Euro.", "money", "EUR 1234.56"}, {"fr", "pour 12,50 €", "money", "EUR 12.50"},
		{"es", "por 20 dólares", "money", "USD 20"}, {"pt", "custa R$ 1.500", "money", "BRL 1500"}, {"hi", "₹500 में", "money", "INR 500"}, {"en", "four hundred thousand dollars", "money", "USD 400000"}, {"en", "CHF 1'200", "money", "CHF 1200"},
		{"en", "12.5 km away", "quantity", "12.5 km"}, {"en", "rose by 3.5%", "quantity", "3.5 %"}, {"de", "um 3,5 Prozent", "quantity", "3.5 Prozent"}, {"en", "eighteen or 18 degrees", "quantity", "18 degrees"},
	} {
		got := analyze(t, a, c.text, c.lang)
		if !slices.ContainsFunc(got.Entities, func(e language.Entity) bool { return e.Type == c.kind && e.Value == c.value }) {
			t.Errorf("%s %q: no %s %q in %+v", c.lang, c.text, c.kind, c.value, got.Entities)
		}
	}
	for _, text := range []string{"He may 3 times go.", "version 1.2.3", "31 February 2026 or 2026-13-45", "room 12"} {
		for _, e := range analyze(t, a, text, "en").Entities {
			if e.Type == language.Date && e.Value != "2026-02" || e.Type == language.Money {
				t.Errorf("%q: %+v", text, e)
			}
		}
	}
}

func TestPhrasesAndFeelings(t *testing.T) {
	a := open(t)
	text := "The solar farm opened. The solar farm feeds the town. Critics hate the noise of the solar farm. What a wonderful day!"
	got := analyze(t, a, text, "en")
	if got.Phrases[0].Text != "solar farm opened" && got.Phrases[0].Text != "solar farm" && !strings.Contains(got.Phrases[0].Text, "solar farm") {
		t.Errorf("the best phrase is %q", got.Phrases[0].Text)
	}
	if len(got.Sentiment) != 4 || got.Sentiment[2].Score >= 0 || got.Sentiment[3].Score <= 0.3 || got.Sentiment[0].Score != 0 {
		t.Errorf("%+v", got.Sentiment)
	}
	if de := analyze(t, a, "Was für ein wunderbarer Tag!", "de"); de.Sentiment != nil || slices.Contains(de.Models, "govader 2025-04-29") {
		t.Errorf("sentiment of German is not supported: %+v", de.Sentiment)
	}
	for lang, text := range map[string]string{"es": "La central solar alimenta el pueblo. La central solar es nueva.", "fr": "La centrale solaire alimente la ville.", "de": "Das neue Kraftwerk liefert Strom.", "pt": "A usina solar alimenta a cidade.", "hi": "नया सौर संयंत्र शहर को बिजली देता है।"} {
		if got := analyze(t, a, text, lang); len(got.Phrases) == 0 {
			t.Errorf("%s: no phrases", lang)
		}
	}
}
