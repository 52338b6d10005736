package catalogue

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"showreel/fault"
	"showreel/platform/weights"
)

// The states of a model.
const (
	Absent     = "absent"
	Installing = "installing"
	Ready      = "ready"
	Damaged    = "damaged"
	Own        = "own" // an operator's own file
)

// Status is a model as it is on this machine.
type Status struct {
	Model
	State    string    `json:"state" enum:"absent,installing,ready,damaged,own"`
	Using    bool      `json:"using" doc:"chosen for its role, or the role's only choice"`
	Wanted   bool      `json:"wanted" doc:"the server will install it"`
	Progress *Progress `json:"progress,omitempty"`
	Check    *Check    `json:"check,omitempty" doc:"what the last verification in the background said"`
	Problem  string    `json:"problem,omitempty" doc:"why the last attempt or check failed"`
	Refused  string    `json:"refused,omitempty" doc:"why policy forbids it"`
	Needs    []string  `json:"needs,omitempty" doc:"programs that are missing here to install it"`
}

// Progress of one installation.
type Progress struct {
	Model string `json:"model"`
	Step  string `json:"step" enum:"waiting,downloading,unpacking,converting,checking,ready,failed,verifying"`
	Bytes int64  `json:"bytes"`
	Total int64  `json:"total"`
	Text  string `json:"text,omitempty"`
}

// The steps of an installation.
const (
	StepWaiting     = "waiting" // another process does it
	StepDownloading = "downloading"
	StepUnpacking   = "unpacking"
	StepConverting  = "converting"
	StepChecking    = "checking"
	StepReady       = "ready"
	StepFailed      = "failed"
)

// problem is the record of a failure.
type problem struct {
	Text    string `json:"text"`
	Damaged bool   `json:"damaged,omitempty"`
	AtMS    int64  `json:"atMs"`
}

// List returns every model of the list and every one of the operator's, in that order.
func (c *Catalogue) List() ([]Status, error) {
	uses, err := weights.Uses(c.o.Dir)
	if err != nil {
		return nil, err
	}
	wanted, err := c.wanted()
	if err != nil {
		return nil, err
	}
	out := make([]Status, 0, len(c.book.Models))
	for _, m := range c.book.Models {
		s := c.status(m)
		s.Wanted = slices.Contains(wanted, m.ID)
		out = append(out, s)
	}
	own, err := c.ownOnly()
	if err != nil {
		return nil, err
	}
	out = append(out, own...)
	for i := range out {
		s := &out[i]
		if chosen, ok := uses[s.Role]; ok {
			s.Using = chosen == s.ID
		} else if m, ok := c.standard(s.Role); ok {
			s.Using = m == s.ID
		}
	}
	return out, nil
}

// standard is the model that a role uses without a choice: the first default of the list.
func (c *Catalogue) standard(role string) (string, bool) {
	for _, set := range []string{"default", "optional"} {
		for _, m := range c.book.Models {
			if m.Role == role && m.Set == set {
				return m.ID, true
			}
		}
	}
	return "", false
}

func (c *Catalogue) status(m Model) Status {
	s := Status{Model: m, State: Absent, Refused: c.refused(m.Licence)}
	man, state := c.installed(m)
	if state != "" {
		s.State = state
		if man.Own {
			s.Version, s.Licence = man.Version, Licence{Words: man.Licence}
		}
	}
	if c.locked(m.ID) {
		s.Progress = &Progress{Model: m.ID, Step: StepWaiting}
		_ = readJSON(filepath.Join(c.draft(m.ID), "progress.json"), s.Progress) // it may be about to be written
		if s.State != Own {
			s.State = Installing
		}
	}
	p0, last := c.checkOf(m.ID)
	if s.Check = last; s.Progress == nil {
		s.Progress = p0
	}
	var p problem
	if readJSON(c.path(m.ID, "problem.json"), &p) == nil {
		s.Problem = p.Text
		if p.Damaged && (s.State == Ready || s.State == Own) {
			s.State = Damaged
		}
	}
	if s.State == Absent || s.State == Damaged {
		s.Needs = c.missingClients(m)
	}
	return s
}

// installed looks at a model's folder without reading the files: "" if it is not there, Damaged where a file is missing
// or has another size. A folder without a manifest, made by hand, counts if its main file has a possible size.
func (c *Catalogue) installed(m Model) (weights.Manifest, string) {
	folder := c.folder(m.ID)
	man, err := weights.Read(folder)
	if fault.Is(err, fault.NotFound) {
		info, err := os.Stat(filepath.Join(folder, m.Result))
		switch {
		case err != nil:
			return man, ""
		case info.Size() == 0 || m.Converter == plain && info.Size() != m.Bytes:
			return man, Damaged
		}
		return weights.Manifest{ID: m.ID, Version: m.Version, Role: m.Role, Result: m.Result}, Ready
	}
	if err != nil || len(man.Files) == 0 {
		return man, Damaged
	}
	for _, f := range man.Files {
		if info, err := os.Stat(filepath.Join(folder, filepath.Base(f.Name))); err != nil || info.Size() != f.Bytes {
			return man, Damaged
		}
	}
	if man.Own {
		return man, Own
	}
	return man, Ready
}

// ownOnly lists the operator's models that the list does not know.
func (c *Catalogue) ownOnly() ([]Status, error) {
	entries, err := os.ReadDir(c.o.Dir)
	if err != nil {
		return nil, fault.E("catalogue.list", c.o.Dir, fault.Internal, err)
	}
	var out []Status
	for _, e := range entries {
		if _, known := c.find(e.Name()); known || !e.IsDir() || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		man, err := weights.Read(c.folder(e.Name()))
		if err != nil || !man.Own {
			continue
		}
		out = append(out, c.status(ownModel(man)))
	}
	return out, nil
}

func ownModel(man weights.Manifest) Model {
	m := Model{ID: man.ID, Name: man.ID, Version: man.Version, Role: man.Role, Does: "the operator's own", Set: "optional", Abilities: []string{},
		Quality: []Figure{}, Licence: Licence{Words: man.Licence}, Upstream: Upstream{Project: man.Source}, Result: man.Result}
	for _, f := range man.Files {
		if f.Name == man.Result {
			m.Bytes, m.SHA256 = f.Bytes, f.SHA256
		}
	}
	return m
}

// locked reports whether some process works on the model.
func (c *Catalogue) locked(id string) bool {
	f, err := os.Open(c.path(id, "lock"))
	if err != nil {
		return false
	}
	defer f.Close()
	return errors.Is(unix.Flock(int(f.Fd()), unix.LOCK_SH|unix.LOCK_NB), unix.EWOULDBLOCK)
}

func (c *Catalogue) fail(id, text string, damaged bool) {
	if err := weights.WriteJSON(c.path(id, "problem.json"), problem{Text: text, Damaged: damaged, AtMS: time.Now().UnixMilli()}); err != nil {
		c.o.Log.Warn("a model's problem could not be noted", "model", id, "err", err)
	}
}

func readJSON(path string, v any) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, v)
}

// Revision changes whenever a model is installed, removed or exchanged, or another is chosen. It reads no file of a model.
func (c *Catalogue) Revision(context.Context) string {
	h := sha256.New()
	entries, err := os.ReadDir(c.o.Dir)
	if err != nil {
		return ""
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") || e.Name() == "wanted.json" {
			continue
		}
		raw, err := os.ReadFile(filepath.Join(c.o.Dir, e.Name(), "installed.json"))
		if !e.IsDir() {
			raw, err = os.ReadFile(filepath.Join(c.o.Dir, e.Name()))
		}
		if err != nil {
			raw = nil // a folder laid down by hand counts by its name
		}
		fmt.Fprintf(h, "%s %d\n%s\n", e.Name(), len(raw), raw)
	}
	return hex.EncodeToString(h.Sum(nil))[:16]
}
