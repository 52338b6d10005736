//go:build cgo

package onnxlanguage

import (
	"context"
	"math"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"showreel/engine/language"
	"showreel/engine/language/wordpiece"
	"showreel/fault"
	"showreel/platform/onnx"
	"showreel/platform/weights"
)

// The standard model and its role, the window in word pieces and the length of the vectors.
const (
	model   = "bge-small-en"
	role    = "language.embed"
	version = "1.5 int8" // of a folder without a manifest
	window  = 512
	values  = 384
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
	name   string
	mean   bool // of all tokens, as MiniLM was trained; otherwise the first one's
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
	f := weights.Locate(d.o.Models, role, model, "model.onnx")
	list := tokens(f.Folder)
	if f.Missing() != nil || list == "" {
		return nil, nil, fault.Say("language.embed", f.ID, fault.Unavailable, "model-missing", "The model for the meaning of texts is not installed: showreel models install %s", f.ID)
	}
	pieces, err := wordpiece.Open(list)
	if err != nil {
		return nil, nil, err
	}
	net, err := onnx.OpenWith(filepath.Join(d.o.Native, "onnxruntime", "libonnxruntime.so.1"), f.Path, onnx.Options{Workers: d.o.Workers, Lean: true})
	if err != nil {
		return nil, nil, err
	}
	d.net, d.pieces, d.name, d.mean = net, pieces, f.Name(version), strings.HasPrefix(f.ID, "minilm")
	return net, pieces, nil
}

// Embed implements language.Embedder.
func (d *Driver) Embed(ctx context.Context, texts []string) (language.Vectors, error) {
	net, pieces, err := d.load()
	if err != nil {
		return language.Vectors{}, err
	}
	out := language.Vectors{Values: make([][]float32, len(texts)), Model: d.name}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(d.o.Workers)
	for n, text := range texts {
		ids, cut := pieces.Encode(text, window)
		if cut {
			out.Cut++
		}
		g.Go(func() (err error) {
			out.Values[n], err = d.embed(ctx, net, ids)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return language.Vectors{}, err
	}
	return out, nil
}

// tokens finds the list of word pieces beside a model: *tokenizer.json.
func tokens(folder string) string {
	list, err := filepath.Glob(filepath.Join(folder, "*tokenizer.json"))
	if err != nil || len(list) == 0 {
		return ""
	}
	return list[0]
}

// embed is the first token's vector, or the mean of all, at unit length.
func (d *Driver) embed(ctx context.Context, net *onnx.Session, ids []int64) ([]float32, error) {
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
		return nil, fault.Say("language.embed", model, fault.Corrupt, "bad-model", "The model in use for the meaning of texts gives vectors of another length than %d; install %s again, or choose another: showreel models use %s standard.", values, d.name, role)
	}
	if d.mean {
		for n := range values {
			for at := values + n; at < len(all); at += values {
				all[n] += all[at]
			}
		}
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
