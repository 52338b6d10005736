package house

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"strings"
	"time"

	"showreel/fault"
	"showreel/platform/sqldb"
)

// works reports whether this process does jobs; the others start and steer them.
func (h *House) works() bool { return h.cfg.Target == "all" || h.cfg.Target == "worker" }

// receives reports whether people and programs talk to this process.
func (h *House) receives() bool { return h.cfg.Target == "all" || h.cfg.Target == "api" }

// shares reports whether other processes may work on the same databases.
func (h *House) shares() bool {
	return h.db.Dialect() == sqldb.Postgres || strings.HasPrefix(h.cfg.Flow, "postgres")
}

// instanceFile keeps the data folder's name among all that share its databases.
const instanceFile = "instance"

// readInstance names this process: the machine, and an id that stays with the data folder. Two folders never have the
// same one, and a restart keeps it, so that a worker takes up its own jobs at once.
func (h *House) readInstance() error {
	host, err := os.Hostname()
	if err != nil {
		host = "showreel"
	}
	id, err := os.ReadFile(h.path(instanceFile))
	if errors.Is(err, fs.ErrNotExist) {
		id = []byte(sqldb.NewID())
		err = os.WriteFile(h.path(instanceFile), id, 0o600)
	}
	if err != nil {
		return fault.E("house.open", instanceFile, fault.Unavailable, err)
	}
	h.instance = host + "/" + strings.TrimSpace(string(id))
	return nil
}

// checkRing refuses a key folder that is not the one this database was made with: links signed here would be refused
// there, and files sealed here could not be read there.
func (h *House) checkRing(ctx context.Context) error {
	const op, record = "house.open", "house/keys"
	public, err := h.ring.Public(ctx, "showreel-installation")
	if err != nil {
		return err
	}
	sum := sha256.Sum256(public)
	mine := hex.EncodeToString(sum[:])
	if _, err = h.kv.PutIf(ctx, record, []byte(mine), 0, 0); err == nil || !fault.Is(err, fault.Stale) {
		return err
	}
	first, _, err := h.kv.Get(ctx, record)
	if err != nil || string(first) == mine {
		return err
	}
	return fault.Say(op, h.cfg.Keys, fault.Conflict, "other-keys", "The keys in %s are not those that this database was made with. "+
		"Set keys to the folder that every process of this installation shares, or restore it from its backup.", strings.TrimPrefix(h.cfg.Keys, "file:"))
}

// How a duty that one process at a time does is held: a record that its holder renews.
const (
	dutyKeep  = 15 * time.Second
	dutyRenew = 4 * time.Second
)

// alone runs fn in one process of the installation at a time until ctx ends: another one takes it over when the holder
// has ended, or was not heard of for dutyKeep.
func (h *House) alone(duty string, fn func(context.Context) error) func(context.Context) error {
	if !h.shares() {
		return fn
	}
	return func(ctx context.Context) error {
		for ctx.Err() == nil {
			rev, err := h.claim(ctx, duty, 0)
			if err == nil {
				if err := h.hold(ctx, duty, rev, fn); err != nil {
					return err
				}
				continue
			}
			if !fault.Is(err, fault.Stale) && ctx.Err() == nil {
				h.log.Warn("a duty could not be claimed; trying again", "duty", duty, "err", err)
			}
			select {
			case <-ctx.Done():
			case <-time.After(dutyRenew):
			}
		}
		return nil
	}
}

func (h *House) claim(ctx context.Context, duty string, rev int64) (int64, error) {
	return h.kv.PutIf(ctx, "house/duty/"+duty, []byte(h.instance), dutyKeep, rev)
}

// hold runs fn while the claim can be renewed. nil when the duty was lost or ctx ended, otherwise why fn failed.
func (h *House) hold(ctx context.Context, duty string, rev int64, fn func(context.Context) error) error {
	mine, stop := context.WithCancel(ctx)
	defer stop()
	done := make(chan error, 1)
	go func() { done <- fn(mine) }()
	renewed := time.Now()
	tick := time.NewTicker(dutyRenew)
	defer tick.Stop()
	for {
		select {
		case err := <-done:
			ended := context.WithoutCancel(ctx)
			if dropErr := h.kv.Delete(ended, "house/duty/"+duty); dropErr != nil {
				h.log.Warn("a duty could not be given up; it is free again soon", "duty", duty, "err", dropErr)
			}
			if ctx.Err() != nil {
				return nil
			}
			return err
		case <-tick.C:
		}
		next, err := h.claim(ctx, duty, rev)
		if err == nil {
			rev, renewed = next, time.Now()
			continue
		}
		if fault.Is(err, fault.Stale) || time.Since(renewed) > dutyKeep-dutyRenew {
			stop()
			<-done
			return nil
		}
	}
}
