package wordpiece_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"showreel/engine/language/wordpiece"
	"showreel/fault"
	"showreel/platform/sidecar/sidecartest"
)

func open(t *testing.T) *wordpiece.Tokenizer {
	t.Helper()
	path := filepath.Join(sidecartest.Cache(t), "models/bge-small-en/bge-small-en-v1.5-q-tokenizer.json")
	sidecartest.Need(t, path)
	tok, err := wordpiece.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

// TestReference compares with the ids that the reference gave for 200 texts in 20 scripts and styles.
// testdata/reference.json was written by PyPI tokenizers from the same tokenizer.json.
func TestReference(t *testing.T) {
	tok := open(t)
	raw, err := os.ReadFile("testdata/reference.json")
	if err != nil {
		t.Fatal(err)
	}
	var rows []struct {
		Text string  `json:"text"`
		IDs  []int64 `json:"ids"`
	}
	if err := json.Unmarshal(raw, &rows); err != nil || len(rows) != 200 {
		t.Fatal(len(rows), err)
	}
	for _, r := range rows {
		if got, _ := tok.Encode(r.Text, 512); !slices.Equal(got, r.IDs) {
			t.Errorf("%q:\n%v\nthe reference has\n%v", r.Text, got, r.IDs)
		}
	}
}

func TestCut(t *testing.T) {
	tok := open(t)
	long := strings.Repeat("one ", 600)
	ids, cut := tok.Encode(long, 512)
	if whole, _ := tok.Encode(long, 5_000); len(ids) != 512 || !cut || ids[511] != whole[len(whole)-1] || len(whole) != 602 {
		t.Errorf("%d ids, cut %v", len(ids), cut)
	}
	if ids, cut := tok.Encode(strings.Repeat("one ", 510), 512); len(ids) != 512 || cut {
		t.Errorf("a text that just fits: %d ids, cut %v", len(ids), cut)
	}
}

func TestDamaged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tokenizer.json")
	for _, body := range []string{"", "{}", `{"model":{"type":"BPE","vocab":{}}}`} {
		if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := wordpiece.Open(path); !fault.Is(err, fault.Corrupt) {
			t.Errorf("%q: %v", body, err)
		}
	}
}
