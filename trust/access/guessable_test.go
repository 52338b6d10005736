package access

import (
	"strings"
	"testing"
	"time"

	"showreel/fault"
)

func TestGuessablePasswordsAreRefused(t *testing.T) {
	for _, p := range []string{
		"1234567890", "0987654321", "qwertyuiop", "QwertyUiop", "qwertzuiop12", "1q2w3e4r5t", "1qaz2wsx3edc", "qazwsxedcrfv", "asdfghjkl;", "!@#$%^&*()",
		"password12", "Password123!", "P@ssw0rd2024", "pa$$w0rd1234", "passwordpassword", "letmein2026", "iloveyou123", "Welcome2024!", "administrator", "changeme123",
		"Summer2026!", "sommer2025", "December2025", "football123", "dragonmonkey", "superman1990", "michael1985!",
		"aaaaaaaaaa", "abababababab", "abcabcabcabc", "hunter2hunter2", "1111111111", "19851985", "1985198519", "abcdefghij", "zyxwvutsrq", "12341234123",
		"showreel2026", "Showreel123!", "sh0wr33l!!", "showreeladmin", "ada.lovelace1", "lovelace2024", "Ada Lovelace", "adalovelace!!", "lovelaceada", "ada.lovelace@analytical.example", "analytical99",
		"geheim12345", "Passwort1!", "motdepasse1", "contraseña1", "ＰＡＳＳＷＯＲＤ１２", "trustno1trustno1",
	} {
		err := checkPassword(p, "ada.lovelace@analytical.example", "Ada Lovelace")
		if fault.CodeOf(err) != "weak-password" {
			t.Errorf("%q passes: %v", p, err)
		}
		if text := fault.TextOf(err); strings.Contains(text, p) {
			t.Errorf("the refusal tells the password: %s", text)
		}
	}
}

func TestOtherPasswordsPass(t *testing.T) {
	for _, p := range []string{
		"correct horse battery", "a viewer's words", "a bridge at dawn, again", "8374650912", "tK9#mvQ2xL", "gprxw-vmknd", "harbour 77 lamps", "Mein Hund frisst Kekse",
		"пять зелёных кошек", "夜の港に船が三つ見える", "wolkenkratzer am see", "xk4Summer2026", "dragon monkey basalt", "7f3a9c0b1e", "zhqmvtypwk",
		"a long sentence about the weather", "naïve café déjà vu",
	} {
		if err := checkPassword(p, "ada.lovelace@analytical.example", "Ada Lovelace"); err != nil {
			t.Errorf("%q: %v (price %d)", p, err, costOf([]rune(strings.ToLower(p)), nil))
		}
	}
}

// A password of the greatest length is looked at in no time, whatever it is made of.
func TestGuessableIsQuick(t *testing.T) {
	for _, p := range []string{strings.Repeat("ab1!", 64), strings.Repeat("password", 32), strings.Repeat("x", 255) + "y"} {
		began := time.Now()
		guessable(p, "Ada Lovelace")
		took := time.Since(began)
		t.Logf("%.12s…: %s", p, took)
		if took > 200*time.Millisecond {
			t.Errorf("%.20s…: %s", p, took)
		}
	}
}
