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

// Want asks Run, here or in the server that next starts, to install models. Kinds: fault.NotFound, fault.Denied for a
// refused licence.
func (c *Catalogue) Want(names ...string) error {
	models, err := c.Choose(names)
	if err != nil {
		return err
	}
	for _, m := range models {
		if why := c.refused(m.Licence); why != "" && slices.Contains(names, m.ID) {
			return fault.Say("catalogue.want", m.ID, fault.Denied, "licence-refused", "%s is not installed. %s", m.Name, why)
		}
	}
	c.queue.Lock()
	defer c.queue.Unlock()
	wanted, err := c.wanted()
	if err != nil {
		return err
	}
	for _, m := range models {
		if c.refused(m.Licence) == "" && !slices.Contains(wanted, m.ID) {
			wanted = append(wanted, m.ID)
		}
	}
	if err := weights.WriteJSON(filepath.Join(c.o.Dir, "wanted.json"), wanted); err != nil {
		return err
	}
	select {
	case c.wake <- struct{}{}:
	default:
	}
	return nil
}

func (c *Catalogue) wanted() ([]string, error) {
	ids := []string{}
	err := readJSON(filepath.Join(c.o.Dir, "wanted.json"), &ids)
	if err != nil && !os.IsNotExist(err) {
		return nil, fault.E("catalogue.wanted", c.o.Dir, fault.Corrupt, err)
	}
	return ids, nil
}

// retryAfter a failure that may pass: no network, a full disk.
const retryAfter = 10 * time.Minute

// Run installs what Want has asked for and verifies what WantCheck has, one model after the other, until ctx ends. What fails for good is dropped from the
// wanted with its reason noted; what may pass is tried again. It goes on after a restart.
func (c *Catalogue) Run(ctx context.Context) error {
	for {
		again, err := c.drain(ctx)
		if err == nil {
			err = c.check(ctx)
		}
		if err != nil {
			return err
		}
		var timer <-chan time.Time
		if again {
			timer = time.After(retryAfter)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-c.wake:
		case <-timer:
		}
	}
}

// drain tries every wanted model once.
func (c *Catalogue) drain(ctx context.Context) (again bool, err error) {
	c.queue.Lock()
	wanted, err := c.wanted()
	c.queue.Unlock()
	if err != nil {
		return false, err
	}
	for _, id := range wanted {
		err := c.Install(ctx, []string{id}, nil)
		if ctx.Err() != nil {
			return false, nil
		}
		if k := fault.KindOf(err); err != nil && (k == fault.Unavailable || k == fault.Full) {
			c.o.Log.Warn("a model could not be installed and is tried again later", "model", id, "err", err)
			again = true
			continue
		}
		if err != nil {
			c.o.Log.Error("a model could not be installed", "model", id, "err", err)
		} else {
			c.o.Log.Info("a model is ready", "model", id)
		}
		if err := c.unwant(id); err != nil {
			return again, err
		}
	}
	return again, nil
}

func (c *Catalogue) unwant(id string) error {
	c.queue.Lock()
	defer c.queue.Unlock()
	wanted, err := c.wanted()
	if err != nil {
		return err
	}
	return weights.WriteJSON(filepath.Join(c.o.Dir, "wanted.json"), slices.DeleteFunc(wanted, func(s string) bool { return s == id }))
}
