//go:build cgo

package onnxvision

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/sync/errgroup"

	"showreel/engine/vision"
	"showreel/fault"
	"showreel/platform/onnx"
	"showreel/platform/weights"
)

// Options of the engine.
type Options struct {
	Models  string // folder that holds ID/model.onnx
	Native  string // folder that holds onnxruntime/libonnxruntime.so.1
	Workers int    // pictures worked on at once, 1 when zero; each takes a core
}

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
	o.Workers = max(1, o.Workers)
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
	return &network{id: f.ID, name: f.Name(shape.version), shape: shape, found: f, library: filepath.Join(o.Native, "onnxruntime", "libonnxruntime.so.1"), workers: o.Workers, file: f.Path}
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

// network is one model, loaded when first run.
type network struct {
	id, name      string
	found         weights.Found
	shape         shape
	library, file string
	workers       int

	mu     sync.Mutex
	s      *onnx.Session
	chars  []string // of the text model
	closed bool
}

// session loads the model unless it is loaded. Kinds: fault.Unavailable, fault.Corrupt, fault.Canceled after close.
func (n *network) session() (*onnx.Session, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return nil, fault.Say("vision.model", n.id, fault.Canceled, "", "The vision engine was closed.")
	}
	if n.s != nil {
		return n.s, nil
	}
	if unrunnable[n.id] {
		return nil, unfit(n.id, n.found.Role)
	}
	if _, err := os.Stat(n.library); err != nil {
		return nil, noLibrary(err)
	}
	s, err := onnx.OpenWith(n.library, n.file, onnx.Options{Workers: n.workers, Lean: n.shape.varies})
	if fault.Is(err, fault.NotFound) {
		return nil, missing(n.id)
	}
	if err != nil {
		return nil, err
	}
	if err = n.shape.check(n.id, s); err == nil && n.shape.characters {
		n.chars, err = characters(n.id, s)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	n.s = s
	return s, nil
}

func (n *network) close() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.closed = true
	if n.s == nil {
		return nil
	}
	return n.s.Close()
}

// run puts one tensor through and returns the outputs that were asked for, each checked to hold count numbers (0: any).
func (n *network) run(ctx context.Context, in onnx.Tensor, outputs ...string) ([][]float32, error) {
	s, err := n.session()
	if err != nil {
		return nil, err
	}
	out, err := s.Run(ctx, map[string]onnx.Tensor{n.shape.input: in})
	if err != nil {
		return nil, err
	}
	got := make([][]float32, len(outputs))
	for i, name := range outputs {
		got[i] = out[name].F32
		if want := n.shape.size(name); got[i] == nil || (want > 0 && len(got[i]) != want) {
			return nil, wrongShape(n.id, name)
		}
	}
	return got, nil
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
