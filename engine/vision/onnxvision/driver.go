//go:build cgo

package onnxvision

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/sync/errgroup"

	"showreel/engine/vision"
	"showreel/fault"
	"showreel/platform/onnx"
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
	networks map[string]*network
	names    *classNames
}

// Open prepares the engine; a model is loaded when it is first needed, and a missing one is no error here.
func Open(o Options) (*Driver, error) {
	o.Workers = max(1, o.Workers)
	d := &Driver{o: o, networks: map[string]*network{}, names: &classNames{folder: filepath.Join(o.Models, namesID)}}
	library := filepath.Join(o.Native, "onnxruntime", "libonnxruntime.so.1")
	for id, m := range catalogue {
		d.networks[id] = &network{id: id, shape: m, library: library, workers: o.Workers, file: filepath.Join(o.Models, id, "model.onnx")}
	}
	return d, nil
}

// Caps implements vision.Driver.
func (d *Driver) Caps(context.Context) (vision.Caps, error) {
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
			c.Models[ability] = versionsOf(ids)
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
	if st, err := os.Stat(d.networks[id].file); err != nil || !st.Mode().IsRegular() {
		return missing(id)
	}
	return nil
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
	return errors.Join(errs...)
}

// network is one model, loaded when first run.
type network struct {
	id            string
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
