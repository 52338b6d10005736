package locallanguage_test

import (
	"slices"
	"strings"
	"testing"

	"showreel/engine/language"
)

// measure is precision and recall of people, places and organisations, exact in text and kind.
func measure(t *testing.T, set []string) (precision, recall float64) {
	t.Helper()
	a := open(t)
	right, said, want := 0, 0, 0
	for _, line := range set {
		text, list, _ := strings.Cut(line, " => ")
		expected := strings.Split(list, "; ")
		if list == "" {
			expected = nil
		}
		want += len(expected)
		for _, e := range analyze(t, a, text, "en").Entities {
			if e.Type != language.Person && e.Type != language.Place && e.Type != language.Organisation {
				continue
			}
			said++
			if slices.Contains(expected, e.Type+" "+e.Text) {
				right++
			} else {
				t.Logf("%q: %s %s", text, e.Type, e.Text)
			}
		}
	}
	precision, recall = float64(right)/float64(said), float64(right)/float64(want)
	t.Logf("%d names in %d sentences: precision %.3f, recall %.3f", want, len(set), precision, recall)
	return precision, recall
}

// TestNames measures on sentences of our own: the first set's famous names mostly stand in our lists, the second set's do
// not. Both are small; the figures stand in docs/decisions.md.
func TestNames(t *testing.T) {
	for name, c := range map[string]struct {
		set   []string
		floor float64
	}{"known": {namedSentences, 0.9}, "unknown": {unknownNames, 0.6}} {
		t.Run(name, func(t *testing.T) {
			if precision, recall := measure(t, c.set); precision < c.floor || recall < c.floor {
				t.Errorf("precision %.3f, recall %.3f, both %.1f or more wanted", precision, recall, c.floor)
			}
		})
	}
}

var namedSentences = []string{
	"Clara Bennett reports from London. => person Clara Bennett; place London",
	"The mayor of Port Ellis, Daniel Okafor, opened the bridge. => place Port Ellis; person Daniel Okafor",
	"Microsoft opened an office in Lisbon last year. => organisation Microsoft; place Lisbon",
	"Mrs Thatcher met Mr Gorbachev in Moscow. => person Thatcher; person Gorbachev; place Moscow",
	"Professor Maria Garcia of Harvard University won the prize. => person Maria Garcia; organisation Harvard University",
	"The World Health Organization warned of measles in Nigeria. => organisation World Health Organization; place Nigeria",
	"Good evening. Tonight we look at trains. => ",
	"The bus was late, and nobody knew why. => ",
	"Anna Lind works for the Bank of England. => person Anna Lind; organisation Bank of England",
	"Lake Geneva lies between France and Switzerland. => place Lake Geneva; place France; place Switzerland",
	"Yuki Tanaka of Tokyo won the race. => person Yuki Tanaka; place Tokyo",
	"\"It is over,\" said Henriksen. => person Henriksen",
	"NASA launched the probe from Florida. => organisation NASA; place Florida",
	"The Green Party lost seats in Scotland and Wales. => organisation Green Party; place Scotland; place Wales",
	"Ludwig van Beethoven was born in Bonn. => person Ludwig van Beethoven; place Bonn",
	"The river Thames flows through Oxford. => place Thames; place Oxford",
	"Dr. Priya Raman leads the Institute of Oceanography. => person Priya Raman; organisation Institute of Oceanography",
	"Angela Merkel and Barack Obama spoke at the White House. => person Angela Merkel; person Barack Obama; organisation White House",
	"Fishermen in Galway blame Norwick Ferries. => place Galway; organisation Norwick Ferries",
	"The film was shot on Baker Street. => place Baker Street",
	"President Macron flew to Beijing on Tuesday. => person Macron; place Beijing",
	"Kwame Mensah scored twice for Manchester United. => person Kwame Mensah; organisation Manchester United",
	"We love summer, and the children love it too. => ",
	"The Supreme Court ruled against Amazon. => organisation Supreme Court; organisation Amazon",
	"Ingrid Solberg moved from Oslo to Tromsø. => person Ingrid Solberg; place Oslo; place Tromsø",
	"The European Commission fined Apple and Google. => organisation European Commission; organisation Apple; organisation Google",
	"Captain Reyes landed in Manila. => person Reyes; place Manila",
	"A storm hit New Zealand and Fiji. => place New Zealand; place Fiji",
	"Tom Harrow is in Mill Lane for us. => person Tom Harrow; place Mill Lane",
	"Interest rates rose, said Jerome Powell. => person Jerome Powell",
}

// unknownNames are names that stand in none of the lists: written once, never tuned on.
var unknownNames = []string{
	"Henrietta Kowalczyk took over the bakery in Aberystwyth. => person Henrietta Kowalczyk; place Aberystwyth",
	"Thousands marched through Trondheim on Saturday. => place Trondheim",
	"The goalkeeper Mbeki Oduya saved two penalties against Rosenborg. => person Mbeki Oduya; organisation Rosenborg",
	"Rasmussen denied the claims. => person Rasmussen",
	"Scientists at Caltech found water on Europa. => organisation Caltech; place Europa",
	"Shares in Vodafone fell after Deutsche Telekom raised its bid. => organisation Vodafone; organisation Deutsche Telekom",
	"Bronwen Pugh sings in Cardigan tonight. => person Bronwen Pugh; place Cardigan",
	"The trial of Teodor Vasilescu opens in Constanta. => person Teodor Vasilescu; place Constanta",
	"Heavy rain fell over Brittany and Normandy. => place Brittany; place Normandy",
	"Saoirse Byrne and Tadhg Nolan won gold in Kraków. => person Saoirse Byrne; person Tadhg Nolan; place Kraków",
	"Pfizer and Moderna will build plants near Leipzig. => organisation Pfizer; organisation Moderna; place Leipzig",
	"He studied under Wittgenstein at Trinity. => person Wittgenstein; organisation Trinity",
	"Residents of Whitby fear the sea. => place Whitby",
	"According to Beatrix Oyelaran, nothing will change before Christmas. => person Beatrix Oyelaran",
	"Tickets for Glastonbury sold out in an hour. => place Glastonbury",
	"The Kremlin rejected the offer. => organisation Kremlin",
	"Dagny Holm plays Hedda at the Globe. => person Dagny Holm",
	"Greta Almqvist drove from Malmö to Uppsala. => person Greta Almqvist; place Malmö; place Uppsala",
	"Our correspondent Idris Mansour is in Aleppo. => person Idris Mansour; place Aleppo",
	"When Lufthansa cancelled, Fenella Drummond took a bus to Inverness. => organisation Lufthansa; person Fenella Drummond; place Inverness",
}
