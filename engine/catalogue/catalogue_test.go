package catalogue_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"showreel/engine/catalogue"
	"showreel/fault"
	"showreel/platform/weights"
)

func TestBuiltinListIsWhole(t *testing.T) {
	book, err := catalogue.Parse(catalogue.Builtin)
	if err != nil {
		t.Fatal(err)
	}
	if len(book.Models) < 20 || len(book.Absent) == 0 {
		t.Fatalf("%d models", len(book.Models))
	}
	for _, m := range book.Models {
		if m.Converter != "plain" {
			if _, err := os.Stat("../../tools/models/" + m.Converter + ".py"); err != nil {
				t.Errorf("%s: %v", m.ID, err)
			}
		}
	}
	for code, want := range map[string]string{"en": catalogue.LanguageReady, "de": catalogue.LanguageWords} {
		if got, _ := book.Knows("meaning", code); got != want {
			t.Errorf("meaning in %s is %s", code, got)
		}
	}
	if got, _ := book.Knows("voice", "de"); got != catalogue.LanguageAbsent {
		t.Errorf("voice in German is %s", got)
	}
	if _, measured := book.Knows("transcript", "fr"); measured {
		t.Error("French transcription counts as measured")
	}
}

func TestBrokenListsAreRefused(t *testing.T) {
	body := []byte("w")
	good := entry("one", "plain", "", body, []source{{"file", "/f", "", body}})
	for name, text := range map[string]string{
		"not yaml": "a: [", "version": "version: 2\nmodels: {}\n", "unknown field": "version: 1\nmodels:\n" + good + "    colour: red\n",
		"id": strings.Replace("version: 1\nmodels:\n"+good, "  one:", "  ../one:", 1), "sum": strings.Replace("version: 1\nmodels:\n"+good, sum(body), "abc", 1),
		"no licence": strings.Replace("version: 1\nmodels:\n"+good, "{\"id\": \"MIT\"}", "{\"words\": \"some\"}", 1),
		"option":     strings.Replace("version: 1\nmodels:\n"+good, "\"/f\"", "\"--evil\"", 1), "result": strings.Replace("version: 1\nmodels:\n"+good, "model.bin", "../up", 1),
		"kind": strings.Replace("version: 1\nmodels:\n"+good, "kind: file", "kind: ftp", 1),
	} {
		if _, err := catalogue.Parse([]byte(text)); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := catalogue.Parse(list(good)); err != nil {
		t.Error(err)
	}
}

func TestPolicyRefusesLicences(t *testing.T) {
	body := []byte("w")
	file := write(t, filepath.Join(t.TempDir(), "f"), body)
	way := []source{{"file", file, "", body}}
	text := list(entry("free", "plain", "", body, way), entry("vague", "plain", "    licence: {\"words\": \"none given\", \"unknown\": true}\n", body, way),
		entry("paid", "plain", "    licence: {\"id\": \"CC-BY-NC-4.0\", \"nonCommercial\": true}\n", body, way))
	c := open(t, catalogue.Options{List: text, Refuse: []string{"unknown", "non-commercial"}})
	if err := c.Install(t.Context(), []string{"all"}, nil); !fault.Is(err, fault.Denied) || fault.CodeOf(err) != "licence-refused" {
		t.Fatal(err)
	}
	for id, want := range map[string]string{"free": catalogue.Ready, "vague": catalogue.Absent, "paid": catalogue.Absent} {
		if s := state(t, c, id); s.State != want || (s.Refused != "") != (want == catalogue.Absent) {
			t.Errorf("%s: %s %q", id, s.State, s.Refused)
		}
	}
	if err := c.Want("vague"); !fault.Is(err, fault.Denied) {
		t.Error(err)
	}
	if _, err := catalogue.Open(catalogue.Options{Dir: t.TempDir(), Refuse: []string{"gpl"}}); !fault.Is(err, fault.Invalid) {
		t.Error(err)
	}
}

func TestSwappedFileIsFoundAndMended(t *testing.T) {
	body := []byte("the right weights")
	file := write(t, filepath.Join(t.TempDir(), "f"), body)
	c := open(t, catalogue.Options{List: list(entry("one", "plain", "", body, []source{{"file", file, "", body}}))})
	if err := c.Install(t.Context(), []string{"one"}, nil); err != nil {
		t.Fatal(err)
	}
	checks, err := c.Verify(t.Context(), []string{"one"})
	if err != nil || checks[0].State != catalogue.Ready || checks[0].Files != 1 || checks[0].Tested {
		t.Fatalf("%+v, %v", checks, err)
	}
	write(t, filepath.Join(c.Dir(), "one", "model.bin"), []byte("the wrong weights"))
	checks, err = c.Verify(t.Context(), []string{"all"})
	if err != nil || checks[0].State != catalogue.Damaged || !strings.Contains(checks[0].Why, "sha256") {
		t.Fatalf("%+v, %v", checks, err)
	}
	if s := state(t, c, "one"); s.State != catalogue.Damaged {
		t.Fatalf("%+v", s)
	}
	if err := c.Install(t.Context(), []string{"one"}, nil); err != nil {
		t.Fatal(err)
	}
	if s := state(t, c, "one"); s.State != catalogue.Ready || read(t, filepath.Join(c.Dir(), "one", "model.bin")) != string(body) {
		t.Fatalf("%+v", s)
	}
	write(t, filepath.Join(c.Dir(), "one", "model.bin"), []byte("short"))
	if s := state(t, c, "one"); s.State != catalogue.Damaged {
		t.Fatalf("another length: %+v", s)
	}
}

func TestVerifyAsksTheModelItself(t *testing.T) {
	body := []byte("w")
	file := write(t, filepath.Join(t.TempDir(), "f"), body)
	var verdict error
	c := open(t, catalogue.Options{List: list(entry("one", "plain", "", body, []source{{"file", file, "", body}})),
		Probe: func(context.Context, catalogue.Model, string) error { return verdict }})
	if err := c.Install(t.Context(), []string{"one"}, nil); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		err    error
		state  string
		tested bool
	}{{nil, catalogue.Ready, true}, {fault.Say("x", "", fault.Invalid, "", "Other shapes."), catalogue.Damaged, false}, {fault.E("x", "", fault.Unsupported, nil), catalogue.Ready, false}} {
		verdict = tt.err
		checks, err := c.Verify(t.Context(), []string{"one"})
		if err != nil || checks[0].State != tt.state || checks[0].Tested != tt.tested || state(t, c, "one").State != tt.state {
			t.Errorf("%v: %+v, %v", tt.err, checks, err)
		}
	}
}

func TestMirrorServesSitesWithoutANetwork(t *testing.T) {
	body := []byte("weights")
	file := write(t, filepath.Join(t.TempDir(), "f"), body)
	text := list(entry("one", "plain", "", body, []source{{"file", file, "", body}}))
	mirror := filepath.Join(t.TempDir(), "mirror")
	for range 2 { // the second finds everything there
		if err := open(t, catalogue.Options{List: text}).Mirror(t.Context(), mirror, []string{"all"}, nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	c := open(t, catalogue.Options{List: text, Mirror: mirror})
	if err := c.Install(t.Context(), []string{"one"}, nil); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(mirror, "files", sum(body), "f"), []byte("swapped"))
	c = open(t, catalogue.Options{List: text, Mirror: mirror})
	if err := c.Install(t.Context(), []string{"one"}, nil); !fault.Is(err, fault.Unavailable) || state(t, c, "one").State != catalogue.Absent {
		t.Fatalf("a swapped file of the mirror: %v", err)
	}
}

func TestAnOperatorsOwnFileGoesFirst(t *testing.T) {
	body, own := []byte("ours"), []byte("the operator's")
	file := write(t, filepath.Join(t.TempDir(), "f"), body)
	c := open(t, catalogue.Options{List: list(entry("one", "plain", "", body, []source{{"file", file, "", body}}))})
	mine := write(t, filepath.Join(t.TempDir(), "mine.bin"), own)
	s, err := c.Add(t.Context(), catalogue.Addition{ID: "one", Version: "2", Licence: "ours alone", Files: []catalogue.OwnFile{{From: mine, SHA256: sum(own)}}})
	if err != nil || s.State != catalogue.Own || s.Version != "2" {
		t.Fatalf("%+v, %v", s, err)
	}
	if err := c.Install(t.Context(), []string{"all"}, nil); err != nil {
		t.Fatal(err)
	}
	if got := read(t, filepath.Join(c.Dir(), "one", "model.bin")); got != string(own) {
		t.Fatalf("the installer replaced it: %q", got)
	}
	srv := httptest.NewServer(http.FileServer(http.Dir(filepath.Dir(mine))))
	defer srv.Close()
	s, err = c.Add(t.Context(), catalogue.Addition{ID: "two", Role: "test.role", Files: []catalogue.OwnFile{{From: srv.URL + "/mine.bin", SHA256: sum(own)}}})
	if err != nil || s.State != catalogue.Own || s.Using {
		t.Fatalf("%+v, %v", s, err)
	}
	before := c.Revision(t.Context())
	if err := c.Use("test.role", "two"); err != nil {
		t.Fatal(err)
	}
	if !state(t, c, "two").Using || state(t, c, "one").Using || c.Revision(t.Context()) == before {
		t.Error("the choice is not seen")
	}
	if f, err := weights.Find(c.Dir(), "test.role", "one", "model.bin"); err != nil || f.ID != "two" || filepath.Base(f.Path) != "mine.bin" {
		t.Errorf("%+v, %v", f, err)
	}
	checks, err := c.Verify(t.Context(), []string{"two"})
	if err != nil || checks[0].State != catalogue.Own {
		t.Errorf("%+v, %v", checks, err)
	}
	for name, a := range map[string]catalogue.Addition{
		"no sum":     {ID: "x", Role: "test.role", Files: []catalogue.OwnFile{{From: srv.URL + "/mine.bin"}}},
		"no role":    {ID: "x", Files: []catalogue.OwnFile{{From: mine}}},
		"other role": {ID: "one", Role: "other.role", Files: []catalogue.OwnFile{{From: mine}}},
		"bad id":     {ID: "../x", Role: "test.role", Files: []catalogue.OwnFile{{From: mine}}},
		"bad name":   {ID: "x", Role: "test.role", Files: []catalogue.OwnFile{{From: mine, Name: "../../x"}}},
		"no file":    {ID: "x", Role: "test.role", Files: []catalogue.OwnFile{{From: "/no/such"}}},
	} {
		if _, err := c.Add(t.Context(), a); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := c.Add(t.Context(), catalogue.Addition{ID: "x", Role: "test.role", Files: []catalogue.OwnFile{{From: mine, SHA256: sum(body)}}}); !fault.Is(err, fault.Corrupt) {
		t.Error(err)
	}
	for id, kind := range map[string]fault.Kind{"nothing": fault.NotFound, "x": fault.NotFound} {
		if err := c.Use("test.role", id); !fault.Is(err, kind) {
			t.Errorf("%s: %v", id, err)
		}
	}
}

func TestWantedModelsAreInstalledAfterARestart(t *testing.T) {
	body := []byte("weights")
	file := write(t, filepath.Join(t.TempDir(), "f"), body)
	dir := filepath.Join(t.TempDir(), "models")
	text := list(entry("one", "plain", "", body, []source{{"file", file, "", body}}))
	if err := open(t, catalogue.Options{Dir: dir, List: text}).Want("default"); err != nil {
		t.Fatal(err)
	}
	c := open(t, catalogue.Options{Dir: dir, List: text})
	if s := state(t, c, "one"); !s.Wanted || s.State != catalogue.Absent {
		t.Fatalf("%+v", s)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if s := state(t, c, "one"); s.State == catalogue.Ready && !s.Wanted {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("it was not installed")
		}
	}
	stop()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if err := c.Want("nothing"); !fault.Is(err, fault.NotFound) {
		t.Error(err)
	}
}
