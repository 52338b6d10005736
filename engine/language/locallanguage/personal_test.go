package locallanguage_test

import (
	"slices"
	"testing"

	"showreel/engine/language"
)

// found are kinds and texts of what was found, but no names.
func found(all []language.Personal) []string {
	var out []string
	for _, p := range all {
		if p.Kind != "name" {
			out = append(out, p.Kind+" "+p.Text)
		}
	}
	return out
}

func TestPersonalData(t *testing.T) {
	a := open(t)
	for text, want := range map[string]string{
		"My card is 4111 1111 1111 1111, thanks.": "card 4111 1111 1111 1111",
		"5500-0000-0000-0004":                     "card 5500-0000-0000-0004",
		"Amex 378282246310005.":                   "card 378282246310005",
		"it is four one one one, one one one one, one one one one, one one one one okay": "card four one one one, one one one one, one one one one, one one one one",
		"cuatro uno uno uno uno uno uno uno uno uno uno uno uno uno uno uno por favor":   "card cuatro uno uno uno uno uno uno uno uno uno uno uno uno uno uno uno",
		"four double one one triple one one one one one one one one one one":             "card four double one one triple one one one one one one one one one one",
		"write to jane.doe+news@mail.example.co.uk today":                                "email jane.doe+news@mail.example.co.uk",
		"mail name at example dot org please":                                            "email name at example dot org",
		"escribe a juan punto perez arroba ejemplo punto es":                             "email juan punto perez arroba ejemplo punto es",
		"call me on 020 7946 0018 tonight":                                               "phone 020 7946 0018",
		"+49 30 901820":                                                                  "phone +49 30 901820",
		"Tel. +33 (0)1 42 68 53 00.":                                                     "phone +33 (0)1 42 68 53 00",
		"(212) 555-0142":                                                                 "phone (212) 555-0142",
		"appelez le 06 12 34 56 78":                                                      "phone 06 12 34 56 78",
		"my phone number is five five five oh one four two":                              "phone five five five oh one four two",
		"ruf an unter 0171 5550199":                                                      "phone 0171 5550199",
		"IBAN GB82 WEST 1234 5698 7654 32":                                               "iban GB82 WEST 1234 5698 7654 32",
		"de89370400440532013000":                                                         "iban de89370400440532013000",
		"FR14 2004 1010 0505 0001 3M02 606 on file":                                      "iban FR14 2004 1010 0505 0001 3M02 606",
		"mi DNI es 12345678Z":                                                            "national-id 12345678Z",
		"NIE X1234567L":                                                                  "national-id X1234567L",
		"numéro 2 55 08 14 168 025 38":                                                   "national-id 2 55 08 14 168 025 38",
		"Meine Steuer-ID ist 86 095 742 719":                                             "national-id 86 095 742 719",
		"codice fiscale RSSMRA85T10A562S":                                                "national-id RSSMRA85T10A562S",
		"o meu NIF é 123456789":                                                          "national-id 123456789",
		"CPF 529.982.247-25":                                                             "national-id 529.982.247-25",
		"CNPJ 11.222.333/0001-81":                                                        "national-id 11.222.333/0001-81",
		"his social security number is 123-45-6789":                                      "national-id 123-45-6789",
		"National Insurance AB 12 34 56 C":                                               "national-id AB 12 34 56 C",
		"Aadhaar 2341 2341 2346":                                                         "national-id 2341 2341 2346",
		"mijn BSN is 111222333":                                                          "national-id 111222333",
		"the car has the plate AB12 CDE":                                                 "plate AB12 CDE",
		"Kennzeichen B-MW 1234":                                                          "plate B-MW 1234",
		"matrícula 1234 BCD":                                                             "plate 1234 BCD",
		"plaque AB-123-CD":                                                               "plate AB-123-CD",
	} {
		got := analyze(t, a, text, "")
		if f := found(got.Personal); len(f) != 1 || f[0] != want {
			t.Errorf("%q: %q, want %q", text, f, want)
		}
	}
}

// TestHardNegatives are things that look like personal data and are none.
func TestHardNegatives(t *testing.T) {
	a := open(t)
	for _, text := range []string{
		"order 4111 1111 1111 1112 has shipped", "reference 1234567890123456", "0000 0000 0000 0000", "serial 9111111111111111", "tracking 41111111111111111111111",
		"The meeting is on 2026-11-24 at 10:30.", "It costs $1,234,567.89 today.", "pi is 3.14159265358979", "part number 555-0142-AB", "model AB-1234-567 fits", "the score was 21-19, 18-21, 21-15",
		"he looked at example two", "meet me at noon dot", "we met at the dot com party", "foo@bar", "@handle and user@", "version 10.0.19045.3803",
		"IBAN GB82 WEST 1234 5698 7654 33", "DE00 1234", "12345678A is a code", "X1234567M", "sum 123456789 crowns", "529.982.247-26", "000-12-3456 is wrong", "2341 2341 2347",
		"flight BA 117 leaves", "room AB12 CDE", "one two three, here we go", "from 1914 to 1918 and 1939 to 1945", "call of duty 4", "the year 2026 and the year 2027", "ISBN 978-3-16-148410-0", "10 000 000 people",
		"1-2-3-4-5-6-7", "at 6:45 the 8:15 train", "Apollo 11 and 12 and 13", "scores of 12 34 56 points",
	} {
		if f := found(analyze(t, a, text, "en").Personal); len(f) > 0 {
			t.Errorf("%q: %q", text, f)
		}
	}
}

func TestReasons(t *testing.T) {
	a := open(t)
	got := analyze(t, a, "Card 4111 1111 1111 1111, said Clara Bennett. DNI 12345678Z.", "en")
	var why []string
	for _, p := range got.Personal {
		why = append(why, p.Kind+": "+p.Why)
	}
	want := []string{"card: Luhn digit right, begins as a card of Visa", "name: a person's name by its form and surroundings", "national-id: pattern of ES DNI, check right, named before it"}
	if !slices.Equal(why, want) {
		t.Errorf("%q", why)
	}
}

func TestAbuse(t *testing.T) {
	a := open(t)
	for text, want := range map[string]string{
		"I will kill you for that.": "threat", "I’m going to hurt her badly.": "threat", "You're a dead man.": "threat", "te voy a matar": "threat", "They planted a bomb at the station.": "threat",
		"I want to die.": "self-harm", "She tried to kill herself.": "self-harm", "He has suicidal thoughts.": "self-harm",
		"Go back to your country!": "hate", "Those immigrants are vermin.": "hate", "What the fuck is this?": "profanity", "So ein Arschloch!": "profanity", "Mierda.": "profanity",
	} {
		got := analyze(t, a, text, "en").Abusive
		if len(got) == 0 || got[0].Kind != want || got[0].Why == "" {
			t.Errorf("%q: %+v, want %s", text, got, want)
		}
	}
	for _, text := range []string{
		"We had an hour to kill time with you.", "I would never hurt you.", "I won't kill you.", "Can we shoot you a message?", "We shoot you on film at noon.", "Suicide Squad is a film.", "It was career suicide.",
		"He cut himself shaving.", "Exterminate all rats.", "He killed the lights.", "Watch your step.", "They go back to their village.", "The Scunthorpe team from Essex shot well.", "a hand-and-a-half bastard sword", "The cockpit and the assessment are in the class.",
	} {
		if got := analyze(t, a, text, "en").Abusive; len(got) > 0 {
			t.Errorf("%q: %+v", text, got)
		}
	}
}
