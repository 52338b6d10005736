package laws_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"showreel/engine/catalogue"
)

// TestGoldenLanguages keeps docs/languages.md what the list of models says, and docs/models.md complete.
func TestGoldenLanguages(t *testing.T) {
	book, err := catalogue.Parse(catalogue.Builtin)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "docs/languages.md", book.LanguagesPage())
	page, err := os.ReadFile(filepath.Join(root(), "docs/models.md"))
	if err != nil {
		t.Fatal(err)
	}
	head, rest, found := strings.Cut(string(page), "<!-- generated -->\n")
	if !found {
		t.Fatal("docs/models.md has lost its generated part")
	}
	_, tail, found := strings.Cut(rest, "<!-- end -->\n")
	if !found {
		t.Fatal("docs/models.md has lost its generated part")
	}
	golden(t, "docs/models.md", head+"<!-- generated -->\n"+book.ModelsTable()+"<!-- end -->\n"+tail)
}
