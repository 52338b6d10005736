//go:build cgo

package onnxlanguage

import (
	"context"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/sync/errgroup"

	"showreel/engine/language"
	"showreel/engine/language/wordpiece"
	"showreel/fault"
	"showreel/platform/onnx"
)

// The model, its window in word pieces and the length of its vectors.
const (
	model  = "bge-small-en"
	name   = "bge-small-en 1.5 int8"
	window = 512
	values = 384
)

// Options of a driver.
type Options struct {
	Models  string // folder with a folder a model
	Native  string // folder with onnxruntime/libonnxruntime.so.1
	Workers int    // texts at once; 0 is 1
}

// Driver implements language.Embedder. The model is loaded at its first use.
type Driver struct {
	o      Options
	mu     sync.Mutex
	net    *onnx.Session
	pieces *wordpiece.Tokenizer
}

// Open never fails for something missing; Embed tells it.
func Open(o Options) (*Driver, error) {
	o.Workers = max(o.Workers, 1)
	return &Driver{o: o}, nil
}

// Close gives the memory back.
func (d *Driver) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.net == nil {
		return nil
	}
	net := d.net
	d.net = nil
	return net.Close()
}

// load opens the model unless it is open.
func (d *Driver) load() (*onnx.Session, *wordpiece.Tokenizer, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.net != nil {
		return d.net, d.pieces, nil
	}
	dir := filepath.Join(d.o.Models, model)
	list := filepath.Join(dir, "bge-small-en-v1.5-q-tokenizer.json")
	for _, path := range []string{list, filepath.Join(dir, "model.onnx")} {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return nil, nil, fault.Say("language.embed", model, fault.Unavailable, "model-missing", "The model for the meaning of texts is not installed: showreel models install %s", model)
		}
	}
	pieces, err := wordpiece.Open(list)
	if err != nil {
		return nil, nil, err
	}
	net, err := onnx.OpenWith(filepath.Join(d.o.Native, "onnxruntime", "libonnxruntime.so.1"), filepath.Join(dir, "model.onnx"), onnx.Options{Workers: d.o.Workers, Lean: true})
	if err != nil {
		return nil, nil, err
	}
	d.net, d.pieces = net, pieces
	return net, pieces, nil
}

// Embed implements language.Embedder.
func (d *Driver) Embed(ctx context.Context, texts []string) (language.Vectors, error) {
	net, pieces, err := d.load()
	if err != nil {
		return language.Vectors{}, err
	}
	out := language.Vectors{Values: make([][]float32, len(texts)), Model: name}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(d.o.Workers)
	for n, text := range texts {
		ids, cut := pieces.Encode(text, window)
		if cut {
			out.Cut++
		}
		g.Go(func() (err error) {
			out.Values[n], err = embed(ctx, net, ids)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return language.Vectors{}, err
	}
	return out, nil
}

// embed is the first token's vector, at unit length.
func embed(ctx context.Context, net *onnx.Session, ids []int64) ([]float32, error) {
	size := int64(len(ids))
	ones, zeros := make([]int64, size), make([]int64, size)
	for n := range ones {
		ones[n] = 1
	}
	got, err := net.Run(ctx, map[string]onnx.Tensor{"input_ids": onnx.Ints(ids, 1, size), "attention_mask": onnx.Ints(ones, 1, size), "token_type_ids": onnx.Ints(zeros, 1, size)})
	if err != nil {
		return nil, err
	}
	all := got["last_hidden_state"].F32
	if len(all) != values*len(ids) {
		return nil, fault.Say("language.embed", model, fault.Corrupt, "bad-model", "The model %s gives vectors of another length than it should; install it again.", model)
	}
	v, sum := make([]float32, values), 0.0
	for _, x := range all[:values] {
		sum += float64(x) * float64(x)
	}
	for n, x := range all[:values] {
		v[n] = float32(float64(x) / math.Sqrt(max(sum, 1e-24)))
	}
	return v, nil
}
