package catalogue

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"slices"

	"showreel/fault"
	"showreel/platform/weights"
)

// StepVerifying is the progress of a check: bytes read, of all of the model's.
const StepVerifying = "verifying"

const checksName = "checks.json" // what the background still has to check

// WantCheck asks Run, here or in the server that next starts, to verify models; Status.Progress tells how far it is and
// Status.Check what came out. Kind: fault.NotFound.
func (c *Catalogue) WantCheck(names ...string) error {
	ids, err := c.checkable(names)
	if err != nil {
		return err
	}
	c.queue.Lock()
	defer c.queue.Unlock()
	waiting, err := c.waitingChecks()
	if err != nil {
		return err
	}
	for _, id := range ids {
		if !slices.Contains(waiting, id) {
			waiting = append(waiting, id)
		}
	}
	if err := weights.WriteJSON(filepath.Join(c.o.Dir, checksName), waiting); err != nil {
		return err
	}
	select {
	case c.wake <- struct{}{}:
	default:
	}
	return nil
}

// checkable turns names into the ids of those models that are here; one that was named by its id counts also when it is not.
func (c *Catalogue) checkable(names []string) ([]string, error) {
	list, err := c.List()
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, n := range names {
		known := n == "all" || n == "default" || n == "optional"
		for _, s := range list {
			if s.ID == n {
				known = true
				ids = append(ids, s.ID)
			} else if (n == "all" || n == s.Set) && s.State != Absent {
				ids = append(ids, s.ID)
			}
		}
		if !known {
			_, err := c.Choose([]string{n}) // says that there is none
			return nil, err
		}
	}
	return ids, nil
}

func (c *Catalogue) waitingChecks() ([]string, error) {
	ids := []string{}
	err := readJSON(filepath.Join(c.o.Dir, checksName), &ids)
	if err != nil && !os.IsNotExist(err) {
		return nil, fault.E("catalogue.checks", c.o.Dir, fault.Corrupt, err)
	}
	return ids, nil
}

// check verifies what waits, one model after the other, and notes what came out.
func (c *Catalogue) check(ctx context.Context) error {
	for {
		c.queue.Lock()
		waiting, err := c.waitingChecks()
		c.queue.Unlock()
		if err != nil || len(waiting) == 0 || ctx.Err() != nil {
			return err
		}
		id := waiting[0]
		checks, err := c.Verify(ctx, []string{id})
		c.setChecking(nil)
		if ctx.Err() != nil {
			return nil // it waits for the next start
		}
		if err == nil && len(checks) == 1 {
			err = weights.WriteJSON(c.path(id, "check.json"), checks[0])
		}
		if err != nil {
			c.o.Log.Error("a model could not be checked", "model", id, "err", err)
		}
		c.queue.Lock()
		if waiting, err = c.waitingChecks(); err == nil {
			err = weights.WriteJSON(filepath.Join(c.o.Dir, checksName), slices.DeleteFunc(waiting, func(s string) bool { return s == id }))
		}
		c.queue.Unlock()
		if err != nil {
			return err
		}
	}
}

func (c *Catalogue) setChecking(p *Progress) {
	c.seen.Lock()
	defer c.seen.Unlock()
	c.checking = p
}

// checkOf is how far the check of a model is, nil where none is under way, and what the last one said, nil where there was none.
func (c *Catalogue) checkOf(id string) (*Progress, *Check) {
	var last *Check
	var k Check
	if readJSON(c.path(id, "check.json"), &k) == nil {
		last = &k
	}
	c.seen.Lock()
	defer c.seen.Unlock()
	if c.checking != nil && c.checking.Model == id {
		p := *c.checking
		return &p, last
	}
	if waiting, err := c.waitingChecks(); err == nil && slices.Contains(waiting, id) {
		return &Progress{Model: id, Step: StepVerifying}, last
	}
	return nil, last
}

// sumOf is the sha256 of one file of a check, whose progress it tells.
func (c *Catalogue) sumOf(ctx context.Context, name string, p *Progress) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	buf := make([]byte, 1<<20)
	for {
		n, err := f.Read(buf)
		h.Write(buf[:n])
		p.Bytes += int64(n)
		at := *p
		c.setChecking(&at)
		if err == io.EOF {
			return hex.EncodeToString(h.Sum(nil)), nil
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return "", err
		}
	}
}
