//go:build cgo

package onnxvision

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"showreel/engine/vision"
	"showreel/fault"
	"showreel/platform/weights"
)

// Options of the engine.
type Options struct {
	Models  string        // folder that holds ID/model.onnx
	Native  string        // folder that holds onnxruntime/libonnxruntime.so.1
	Workers int           // pictures worked on at once, 1 when zero; each takes a core
	Rest    time.Duration // a model that nobody has asked for so long is unloaded; 0 is restAfter
}

// restAfter is long enough for the next piece of the same work, and short beside a step of another ability. Loading again
// takes 30 to 150 ms.
const restAfter = 8 * time.Second

// Driver implements vision.Driver. All methods are safe for concurrent use.
type Driver struct {
	o        Options
	networks map[string]*network // by the standard model's id
	names    *classNames
	refuse   error // of With a model that cannot be run here

	extra *others
}

// others are the models that run beside those in use.
type others struct {
	mu  sync.Mutex
	all map[string]*network
}

// Open prepares the engine; a model is loaded when it is first needed, and a missing one is no error here.
func Open(o Options) (*Driver, error) {
	o.Workers, o.Rest = max(1, o.Workers), cmp.Or(o.Rest, restAfter)
	d := &Driver{o: o, networks: map[string]*network{}, extra: &others{all: map[string]*network{}}}
	d.names = &classNames{folder: weights.Locate(o.Models, roleOf[namesID], namesID, classFile).Folder}
	for id := range catalogue {
		d.networks[id] = newNetwork(o, id, weights.Locate(o.Models, roleOf[id], id, modelFile))
	}
	return d, nil
}

const modelFile = "model.onnx"

// newNetwork is a model in the place of a standard one. A listed model has its own shape; an operator's own has to have that of the
// model whose place it takes.
func newNetwork(o Options, standard string, f weights.Found) *network {
	shape, known := catalogue[f.ID]
	if !known {
		shape = variants[f.ID]
	}
	if shape.input == "" {
		shape = catalogue[standard]
	}
	n := &network{id: f.ID, name: f.Name(shape.version), shape: shape, found: f, library: filepath.Join(o.Native, "onnxruntime", "libonnxruntime.so.1"), workers: o.Workers, rest: o.Rest, file: f.Path}
	if shape.heavy {
		n.workers = 1
	}
	return n
}

// With implements vision.Chooser.
func (d *Driver) With(model string) vision.Driver {
	view := &Driver{o: d.o, names: d.names, networks: maps.Clone(d.networks), extra: d.extra}
	if !weights.SafeID(model) {
		view.refuse = fault.Say("vision.with", model, fault.NotFound, "no-model", "There is no model %q.", model)
		return view
	}
	f := weights.At(d.o.Models, model, modelFile)
	standard := ""
	for id, role := range roleOf {
		if id == model || role == f.Role && f.Role != "" && catalogue[id].input != "" {
			standard = id
		}
	}
	switch {
	case f.Missing() != nil:
		view.refuse = f.Missing()
	case standard == "" || unrunnable[model]:
		view.refuse = fault.Say("vision.with", model, fault.Unsupported, "other-model", "The model %s is none that this engine can look with.", model)
	default:
		d.extra.mu.Lock()
		defer d.extra.mu.Unlock()
		if d.extra.all[model] == nil {
			d.extra.all[model] = newNetwork(d.o, standard, f)
		}
		view.networks[standard] = d.extra.all[model]
	}
	return view
}

// Caps implements vision.Driver.
func (d *Driver) Caps(context.Context) (vision.Caps, error) {
	if d.refuse != nil {
		return vision.Caps{}, d.refuse
	}
	c := vision.Caps{Models: map[string]string{}, Missing: map[string]string{}, Features: featureLength, Moderation: []string{nudity}, Languages: textLanguages}
	library := filepath.Join(d.o.Native, "onnxruntime", "libonnxruntime.so.1")
	for ability, ids := range abilities {
		if _, err := os.Stat(library); err != nil {
			c.Missing[ability] = fault.TextOf(noLibrary(err))
			continue
		}
		for _, id := range ids {
			if err := d.present(id); err != nil {
				c.Missing[ability] = fault.TextOf(err)
				break
			}
		}
		if c.Missing[ability] == "" {
			c.Models[ability] = d.versionsOf(ids)
		}
	}
	if c.Missing["labels"] != "" {
		c.Features = 0
	}
	if c.Missing["moderate"] != "" {
		c.Moderation = nil
	}
	if c.Missing["text"] != "" {
		c.Languages = nil
	}
	return c, nil
}

func noLibrary(err error) error {
	return &fault.Error{Op: "vision.open", Kind: fault.Unavailable, Code: "no-onnxruntime", Err: err,
		Text: "The ONNX Runtime library is missing; install it with make native."}
}

// present says whether a model's file is there.
func (d *Driver) present(id string) error {
	if id == namesID {
		return d.names.present()
	}
	n := d.networks[id]
	if n.shape.input == "" || unrunnable[n.id] {
		return unfit(n.id, roleOf[id])
	}
	if n.found.Missing() != nil {
		return missing(n.id)
	}
	return nil
}

// unfit is a model that is chosen for a role and that this engine has no way to feed.
func unfit(id, role string) error {
	return fault.Say("vision.model", id, fault.Unsupported, "other-model", "The model %s, which is chosen for %s, cannot be run by this engine: showreel models use %s standard.", id, role, role)
}

func missing(id string) error {
	return fault.Say("vision.model", id, fault.Unavailable, "model-missing", "The model %s is not installed: showreel models install %s.", id, id)
}

// Close unloads every model, after the calls under way. The driver answers no more afterwards.
func (d *Driver) Close() error {
	var errs []error
	for _, n := range d.networks {
		errs = append(errs, n.close())
	}
	d.extra.mu.Lock()
	defer d.extra.mu.Unlock()
	for _, n := range d.extra.all {
		errs = append(errs, n.close())
	}
	return errors.Join(errs...)
}

// each looks at every picture, as many at once as there are workers. fn gets the decoded picture.
func each[T any](ctx context.Context, d *Driver, pictures [][]byte, fn func(ctx context.Context, p *picture) (T, error)) ([]T, error) {
	if d.refuse != nil {
		return nil, d.refuse
	}
	out := make([]T, len(pictures))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(d.o.Workers)
	for n, raw := range pictures {
		g.Go(func() error {
			if ctx.Err() != nil {
				return fault.E("vision.look", "", fault.Canceled, context.Cause(ctx))
			}
			p, err := decode(raw, n)
			if err != nil {
				return err
			}
			out[n], err = fn(ctx, p)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return out, nil
}
