package catalogue

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"time"

	"showreel/fault"
	"showreel/platform/weights"
)

// Check is the outcome of verifying one model.
type Check struct {
	Model  string `json:"model"`
	State  string `json:"state" enum:"ready,own,damaged,absent"`
	Files  int    `json:"files" doc:"files whose sha256 was compared"`
	Tested bool   `json:"tested" doc:"a test inference was run and right"`
	Why    string `json:"why,omitempty"`
	AtMS   int64  `json:"atMs"`
}

// Verify reads every file of the named models and compares it with its sha256, and runs a test inference where Options.Probe
// is set. Models that are not installed are absent, which is no error. A damaged model is noted, so that List and Install
// know; one that was mended is noted as well. Kinds: fault.NotFound, fault.Canceled.
func (c *Catalogue) Verify(ctx context.Context, names []string) ([]Check, error) {
	list, err := c.List()
	if err != nil {
		return nil, err
	}
	own := map[string]Model{}
	var known []string
	for _, n := range names {
		if _, listed := c.find(n); !listed {
			if m, ok := ownNamed(list, n); ok {
				own[n] = m
				continue
			}
		}
		known = append(known, n)
	}
	models, err := c.Choose(known)
	if err != nil {
		return nil, err
	}
	if slices.Contains(names, "all") {
		for _, s := range list {
			if _, listed := c.find(s.ID); !listed {
				own[s.ID] = s.Model
			}
		}
	}
	for _, m := range own {
		models = append(models, m)
	}
	out := []Check{}
	for _, m := range models {
		if err := ctx.Err(); err != nil {
			return out, fault.E("catalogue.verify", m.ID, fault.Canceled, err)
		}
		check := c.verify(ctx, m)
		if err := ctx.Err(); err != nil {
			return out, fault.E("catalogue.verify", m.ID, fault.Canceled, err)
		}
		check.AtMS = time.Now().UnixMilli()
		if check.State == Damaged {
			c.fail(m.ID, check.Why, true)
		} else if check.State != Absent {
			_ = os.Remove(c.path(m.ID, "problem.json")) // usually there is none
		}
		out = append(out, check)
	}
	c.setChecking(nil)
	return out, nil
}

func ownNamed(list []Status, id string) (Model, bool) {
	for _, s := range list {
		if s.ID == id {
			return s.Model, true
		}
	}
	return Model{}, false
}

func (c *Catalogue) verify(ctx context.Context, m Model) Check {
	check := Check{Model: m.ID, State: Absent}
	man, state := c.installed(m)
	if state == "" {
		return check
	}
	check.State = state
	if state == Damaged {
		check.Why = "A file is missing or has another length; install it again."
		return check
	}
	if len(man.Files) == 0 { // laid down by hand: the list's own hash decides
		man.Files = []weights.File{{Name: m.Result, Bytes: m.Bytes, SHA256: m.SHA256}}
	}
	p := Progress{Model: m.ID, Step: StepVerifying}
	for _, f := range man.Files {
		p.Total += f.Bytes
	}
	for _, f := range man.Files {
		sum, err := c.sumOf(ctx, filepath.Join(c.folder(m.ID), filepath.Base(f.Name)), &p)
		if ctx.Err() != nil {
			break
		}
		want := f.SHA256
		if f.Name == m.Result && m.Converter == plain && !man.Own {
			want = m.SHA256
		}
		if err != nil || sum != want {
			check.State, check.Why = Damaged, "The bytes of "+f.Name+" are not what they were: the sha256 is "+sum+", not "+want+". Install it again."
			return check
		}
		check.Files++
	}
	if c.o.Probe != nil {
		if err := c.o.Probe(ctx, m, c.folder(m.ID)); err != nil && fault.KindOf(err) != fault.Unsupported {
			check.State, check.Why = Damaged, "The test inference failed: "+fault.TextOf(err)
		} else {
			check.Tested = err == nil
		}
	}
	return check
}

// Reference is a Probe: it runs the model on a fixed input with ONNX Runtime in Python and compares with stored outputs of
// the original. Kind: fault.Unsupported for a model that has none, fault.Unavailable without Python.
func (c *Catalogue) Reference(ctx context.Context, m Model, _ string) error {
	if len(m.Test) == 0 {
		return fault.E("catalogue.reference", m.ID, fault.Unsupported, nil)
	}
	return c.script(ctx, m.ID, []string{"requirements.txt", "requirements-check.txt"}, []string{"check.py", c.o.Dir, m.ID})
}
