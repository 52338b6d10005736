package filekeys_test

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"showreel/engine/keys"
	"showreel/engine/keys/filekeys"
	"showreel/engine/keys/keystest"
	"showreel/fault"
)

func TestConformance(t *testing.T) {
	keystest.Run(t, func(t *testing.T) func() keys.Driver {
		dir := t.TempDir()
		return func() keys.Driver {
			d, err := filekeys.Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			return d
		}
	})
}

func TestFileIsPrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	if _, err := filekeys.Open(dir); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "ring.json")
	st, err := os.Stat(path)
	if err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("the key file has mode %v, %v", st.Mode(), err)
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := filekeys.Open(dir); !fault.Is(err, fault.Denied) || fault.CodeOf(err) != "key-file-mode" {
		t.Errorf("a readable key file gave %v", err)
	}
}

func TestDamagedFileIsNotReplaced(t *testing.T) {
	for _, text := range []string{"", "{", "{}", `{"version":1,"root":"AAAA","masters":[]}`} {
		dir := t.TempDir()
		path := filepath.Join(dir, "ring.json")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := filekeys.Open(dir); !fault.Is(err, fault.Corrupt) {
			t.Errorf("%q gave %v", text, err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != text {
			t.Errorf("the damaged file was changed")
		}
	}
}

func TestOneRingWhenManyStart(t *testing.T) {
	dir := t.TempDir()
	ids := make([]string, 8)
	var wg sync.WaitGroup
	for i := range ids {
		wg.Go(func() {
			d, err := filekeys.Open(dir)
			if err != nil {
				t.Error(err)
				return
			}
			ids[i], _ = d.CurrentKey(t.Context())
		})
	}
	wg.Wait()
	for _, id := range ids {
		if id != ids[0] {
			t.Fatalf("several rings were made: %v", ids)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("f-1:AAAA")
	f.Add(":")
	f.Fuzz(func(t *testing.T, s string) {
		w, err := keys.Parse(s)
		if err == nil && w.KeyID == "" {
			t.Error("parsed a wrapped key without an id")
		}
		if err != nil && !fault.Is(err, fault.Corrupt) {
			t.Errorf("kind %v", fault.KindOf(err))
		}
	})
}
