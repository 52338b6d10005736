package follow_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"showreel/media"
	"showreel/product/analysis/follow"
)

func line(second float64, text string, score, x, y, w, h float64) follow.Sight {
	return follow.Sight{At: media.FromSeconds(second), Text: text, Score: score, Box: media.Box{X: x, Y: y, W: w, H: h}}
}

// said is kind, reading and number of pictures of each caption.
func said(all []follow.Caption) map[string]int {
	out := map[string]int{}
	for _, c := range all {
		out[c.Kind+": "+c.Text] += len(c.Trail)
	}
	return out
}

func TestACaptionIsOneHoweverItIsRead(t *testing.T) {
	var all []follow.Sight
	for n, r := range []string{"Mayor Jane Whitfield", "Mayor Jane Whitfie1d", "Mayor Jane Whitfield", "Mayr Jane Whitfield", "MayorJane Whitfield"} {
		all = append(all, line(float64(n), r, 0.9, 0.1, 0.8, 0.4, 0.05))
		all = append(all, line(float64(n), "City Hall", 0.95, 0.1, 0.86, 0.2, 0.04))
	}
	all = append(all, line(5, "Chief Tom Baker", 0.9, 0.1, 0.8, 0.3, 0.05)) // the next name in the same place
	want := map[string]int{"text: Mayor Jane Whitfield": 5, "text: City Hall": 5, "text: Chief Tom Baker": 1}
	if diff := cmp.Diff(want, said(follow.Captions(all))); diff != "" {
		t.Error(diff)
	}
}

func TestReadingsThatAllDifferVoteByLetter(t *testing.T) {
	var all []follow.Sight
	for n, r := range []string{"BREAKXNG NEWS TODAY", "BREAKING NEVS TODAY", "BREAKING NEWS TXDAY", "BREAKING NEWS TODAQ", "BQEAKING NEWS TODAY"} {
		all = append(all, line(float64(n), r, 0.8, 0.1, 0.8, 0.4, 0.05))
	}
	if diff := cmp.Diff(map[string]int{"text: BREAKING NEWS TODAY": 5}, said(follow.Captions(all))); diff != "" {
		t.Error(diff)
	}
}

func TestATickerIsOneAndSaysEverything(t *testing.T) {
	const news = "markets close higher on hopes of lower rates - storm leaves the north coast - museum opens its new wing on friday"
	var all []follow.Sight
	n := 0
	for from := 0; from+40 <= len(news); from += 11 {
		all = append(all, line(float64(n), news[from:from+40], 0.9, 0, 0.93, 1, 0.05))
		n++
	}
	got := follow.Captions(all)
	if len(got) != 1 || got[0].Kind != follow.Ticker || got[0].Text != news[:(n-1)*11+40] {
		t.Errorf("%v", said(got))
	}
}

func TestCreditsRollAndEachLineIsOne(t *testing.T) {
	names := []string{"Directed by Ann Lee", "Written by Bo Carter", "Edited by Chris Dale", "Music by Dana Moss"}
	var all []follow.Sight
	for n := range 5 {
		for k, name := range names {
			all = append(all, line(float64(n), name, 0.9, 0.3, 0.9+0.1*float64(k)-0.15*float64(n), 0.4, 0.04))
		}
	}
	want := map[string]int{"rolling: Directed by Ann Lee": 5, "rolling: Written by Bo Carter": 5, "rolling: Edited by Chris Dale": 5, "rolling: Music by Dana Moss": 5}
	if diff := cmp.Diff(want, said(follow.Captions(all))); diff != "" {
		t.Error(diff)
	}
}

func TestACaptionThatComesBackIsAnother(t *testing.T) {
	all := []follow.Sight{line(0, "LIVE", 0.9, 0.9, 0.05, 0.08, 0.04), line(1, "LIVE", 0.9, 0.9, 0.05, 0.08, 0.04), line(9, "LIVE", 0.9, 0.9, 0.05, 0.08, 0.04)}
	if got := follow.Captions(all); len(got) != 2 {
		t.Errorf("%d captions", len(got))
	}
}

func TestFold(t *testing.T) {
	for a, b := range map[string]string{"Café 10": "CAFE lO", "modern": "modem", "STRASSE 5": "strasse S"} {
		if follow.Fold(a) != follow.Fold(b) {
			t.Errorf("%q is not folded like %q: %q, %q", a, b, follow.Fold(a), follow.Fold(b))
		}
	}
}

func FuzzCaptions(f *testing.F) {
	f.Add("a", "b", 0.1, 0.2)
	f.Add("", "\xff", 0.0, 0.0)
	f.Fuzz(func(t *testing.T, a, b string, x, w float64) {
		got := follow.Captions([]follow.Sight{line(0, a, 0.5, x, 0.1, w, 0.1), line(1, b, 0.5, x, 0.1, w, 0.1)})
		n := 0
		for _, c := range got {
			n += len(c.Trail)
		}
		if n != 2 {
			t.Errorf("%d of 2 lines are left", n)
		}
	})
}
