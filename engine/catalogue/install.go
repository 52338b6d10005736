package catalogue

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"showreel/fault"
	"showreel/platform/weights"
)

// Install puts models in place, one after the other; names are ids and sets. What is ready or the operator's own is left
// alone; a damaged model is made anew. report may be nil. Kinds: fault.NotFound for an unknown name, fault.Denied for a refused licence,
// fault.Full with what is needed, fault.Corrupt where the bytes are not those of the list, fault.Unavailable with what to install or
// where to look, fault.Canceled; of several, the first.
func (c *Catalogue) Install(ctx context.Context, names []string, report func(Progress)) error {
	models, err := c.Choose(names)
	if err != nil {
		return err
	}
	var first error
	for i, m := range models {
		if err := c.install(ctx, m, report); err != nil {
			if ctx.Err() != nil {
				return fault.E("catalogue.install", m.ID, fault.Canceled, context.Cause(ctx))
			}
			c.fail(m.ID, fault.TextOf(err), false)
			if report != nil {
				report(Progress{Model: m.ID, Step: StepFailed, Text: fault.TextOf(err)})
			}
			if first == nil {
				first = err
			}
		}
		if !c.o.Keep {
			c.prune(m, models[i+1:])
		}
	}
	return first
}

// work is one installation.
type work struct {
	c      *Catalogue
	m      Model
	draft  string
	report func(Progress)

	mu   sync.Mutex
	p    Progress
	told time.Time
}

func (c *Catalogue) install(ctx context.Context, m Model, report func(Progress)) error {
	w := &work{c: c, m: m, draft: c.draft(m.ID), report: report, p: Progress{Model: m.ID}}
	if why := c.refused(m.Licence); why != "" {
		return fault.Say("catalogue.install", m.ID, fault.Denied, "licence-refused", "%s is not installed. %s", m.Name, why)
	}
	unlock, err := lock(ctx, c.path(m.ID, "lock"), w.follow)
	if err != nil {
		return err
	}
	defer unlock()
	if s := c.settled(m); s == Ready || s == Own {
		w.step(StepReady, m.Bytes, m.Bytes)
		return nil
	}
	if err := os.MkdirAll(filepath.Join(w.draft, "sources"), 0o755); err != nil {
		return disk("catalogue.install", m.ID, err)
	}
	if err := w.space(); err != nil {
		return err
	}
	way, from, err := w.gather(ctx)
	if err != nil {
		return err
	}
	if err := w.make(ctx, way); err != nil {
		return err
	}
	return w.place(from)
}

// settled is the state apart from who works on it; a noted damage counts.
func (c *Catalogue) settled(m Model) string {
	_, state := c.installed(m)
	var p problem
	if readJSON(c.path(m.ID, "problem.json"), &p) == nil && p.Damaged && state != "" {
		return Damaged
	}
	return state
}

// follow tells of another process's progress.
func (w *work) follow() {
	p := Progress{Model: w.m.ID}
	_ = readJSON(filepath.Join(w.draft, "progress.json"), &p) // it may be about to be written
	p.Text, p.Step = p.Step, StepWaiting
	if w.report != nil {
		w.report(p)
	}
}

// step notes a new step.
func (w *work) step(step string, bytes, total int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.p.Step, w.p.Bytes, w.p.Total = step, bytes, total
	w.tell(true)
}

// count notes bytes; what is told is at most four times a second.
func (w *work) count(bytes int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if bytes > w.p.Bytes {
		w.p.Bytes = min(bytes, w.p.Total)
		w.tell(false)
	}
}

func (w *work) tell(now bool) {
	if !now && time.Since(w.told) < pollEvery {
		return
	}
	w.told = time.Now()
	if w.p.Step != StepReady {
		_ = weights.WriteJSON(filepath.Join(w.draft, "progress.json"), w.p) // a full disk is found by what matters
	}
	if w.report != nil {
		w.report(w.p)
	}
}

// sourceFolder is where a source's files lie in the draft.
func (w *work) sourceFolder(s Source) string { return filepath.Join(w.draft, "sources", s.SHA256) }

// has reports whether the draft holds a source already, whole.
func (w *work) has(s Source) bool { return checkSource(w.sourceFolder(s), s) == nil }

// space refuses what would not fit: the packages still to download, what is unpacked from them, and the result.
func (w *work) space() error {
	way := w.m.Sources[0]
	need := w.c.o.Reserve
	seen := map[string]bool{}
	for _, s := range way.Files {
		if w.has(s) {
			continue
		}
		need += s.Bytes
		if id := s.Kind + s.Name; !seen[id] {
			seen[id] = true
			need += s.PackageBytes
		}
	}
	if w.m.Converter != plain || len(way.Files) > 1 {
		need += w.m.Bytes
	}
	free, err := w.c.o.FreeDisk(w.c.o.Dir)
	if err != nil {
		return disk("catalogue.space", w.c.o.Dir, err)
	}
	if free < need {
		return fault.Say("catalogue.space", w.m.ID, fault.Full, "disk-full", "%s needs %d MB of disk space while it is installed, %d MB are free; free some and install again, it goes on where it was.", w.m.Name, need>>20, free>>20)
	}
	return nil
}

// gather brings every file of the first way that works: from the draft, the mirror, or packages. Ways whose clients are
// all present come first.
func (w *work) gather(ctx context.Context) (Way, string, error) {
	ways := slices.Clone(w.m.Sources)
	slices.SortStableFunc(ways, func(a, b Way) int { return w.lacks(a) - w.lacks(b) })
	var errs []error
	for _, way := range ways {
		from, err := w.gatherWay(ctx, way)
		if err == nil {
			return way, from, nil
		}
		if k := fault.KindOf(err); ctx.Err() != nil || k == fault.Full {
			return Way{}, "", err
		}
		errs = append(errs, err)
	}
	if len(errs) == 1 {
		return Way{}, "", errs[0]
	}
	text := ""
	for i, err := range errs {
		text += fmt.Sprintf("Source %d: %s ", i+1, fault.TextOf(err))
	}
	return Way{}, "", &fault.Error{Op: "catalogue.gather", Subject: w.m.ID, Kind: fault.KindOf(errs[0]), Code: fault.CodeOf(errs[0]), Text: text, Err: errors.Join(errs...)}
}

func (w *work) lacks(way Way) int {
	n := 0
	for _, s := range way.Files {
		if _, has := clients[s.Kind]; has && w.c.program(s.Kind) == "" {
			n = 1
		}
	}
	return n
}

func (w *work) gatherWay(ctx context.Context, way Way) (from string, err error) {
	var total, before int64
	counted := map[string]bool{}
	for _, s := range way.Files {
		if id := s.Kind + s.Name; !counted[id] {
			counted[id] = true
			total += s.PackageBytes
		}
	}
	w.step(StepDownloading, 0, total)
	done := map[string]bool{}
	for _, s := range way.Files {
		id := s.Kind + s.Name
		if err := w.bring(ctx, s, func(n int64) { w.count(before + min(n, s.PackageBytes)) }); err != nil {
			return "", err
		}
		if !done[id] {
			done[id] = true
			before += s.PackageBytes
			w.count(before)
		}
		from = s.Kind + " " + s.Name + " " + s.Version
	}
	return from, nil
}

// bring gets one source into the draft.
func (w *work) bring(ctx context.Context, s Source, grow func(int64)) error {
	if err := ctx.Err(); err != nil {
		return fault.E("catalogue.bring", w.m.ID, fault.Canceled, err)
	}
	folder := w.sourceFolder(s)
	if w.has(s) {
		return nil
	}
	if w.c.fromMirror(s, folder) {
		return nil
	}
	if s.Kind == "url" && s.whole() {
		return w.bringURL(ctx, s, folder, grow)
	}
	archive, err := w.c.packageOf(ctx, s, grow)
	if err != nil {
		return err
	}
	err = unpack(archive, s, folder)
	if err != nil && s.Kind != "file" && fault.Is(err, fault.Corrupt) {
		err = errors.Join(err, os.RemoveAll(filepath.Dir(archive))) // so that the next attempt fetches it again
	}
	return err
}

// bringURL downloads straight into the draft, so that an interrupted download goes on.
func (w *work) bringURL(ctx context.Context, s Source, folder string, grow func(int64)) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return disk("catalogue.bring", folder, err)
	}
	if err := w.c.fetchURL(ctx, s.Name, filepath.Join(folder, s.base()), s.Bytes, grow); err != nil {
		return err
	}
	if err := checkSource(folder, s); err != nil {
		return errors.Join(err, os.RemoveAll(folder))
	}
	return nil
}

// place writes the manifest and moves the result to where it is used.
func (w *work) place(from string) error {
	made := filepath.Join(w.draft, "result")
	man := weights.Manifest{ID: w.m.ID, Version: w.m.Version, Role: w.m.Role, Result: w.m.Result, Licence: w.m.Licence.String(), Source: from}
	if err := seal(made, man); err != nil {
		return err
	}
	if err := w.c.swap(made, w.m.ID); err != nil {
		return err
	}
	w.step(StepReady, w.m.Bytes, w.m.Bytes)
	return disk("catalogue.place", w.m.ID, os.RemoveAll(w.draft))
}

// seal writes the manifest of a finished folder.
func seal(folder string, man weights.Manifest) error {
	names, err := filesIn(folder)
	if err != nil {
		return disk("catalogue.seal", folder, err)
	}
	for _, name := range names {
		sum, n, err := sumFile(name)
		if err != nil {
			return disk("catalogue.seal", name, err)
		}
		man.Files = append(man.Files, weights.File{Name: filepath.Base(name), Bytes: n, SHA256: sum})
	}
	man.InstalledMS = time.Now().UnixMilli()
	return disk("catalogue.seal", folder, weights.Write(folder, man))
}

// swap puts a finished folder in the place of a model; what was there goes away after.
func (c *Catalogue) swap(made, id string) error {
	final, old := c.folder(id), c.path(id, "old")
	err := os.RemoveAll(old)
	if err == nil {
		if err = os.Rename(final, old); errors.Is(err, os.ErrNotExist) {
			err = nil
		}
	}
	if err == nil {
		err = os.Rename(made, final)
	}
	if err == nil {
		err = syncFolder(c.o.Dir)
	}
	if err != nil {
		return disk("catalogue.place", id, err)
	}
	if err = os.Remove(c.path(id, "problem.json")); errors.Is(err, os.ErrNotExist) {
		err = nil
	}
	return disk("catalogue.place", id, errors.Join(err, os.RemoveAll(old)))
}

func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// prune removes packages that no model still to come needs.
func (c *Catalogue) prune(m Model, rest []Model) {
	needed := map[string]bool{}
	for _, r := range rest {
		for _, w := range r.Sources {
			for _, s := range w.Files {
				needed[s.Kind+s.Name+s.Version] = true
			}
		}
	}
	for _, w := range m.Sources {
		for _, s := range w.Files {
			if s.Kind == "file" || needed[s.Kind+s.Name+s.Version] {
				continue
			}
			if err := os.RemoveAll(c.packageFolder(s)); err != nil {
				c.o.Log.Warn("a package could not be removed from the cache", "package", s.Name, "err", err)
			}
		}
	}
}
