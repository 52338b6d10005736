//go:build cgo

package onnx

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	ort "github.com/yalue/onnxruntime_go"

	"showreel/fault"
)

// Options of a session.
type Options struct {
	Workers int  // runs at once, 1 when zero; they share the weights, each takes a core and its own working memory
	Lean    bool // give working memory back after every run: for inputs whose size changes from run to run
}

// Slot is an input or output of a model.
type Slot struct {
	Type  string  // "float32", "int64", "int32", "uint8", "bool"; "" is another
	Shape []int64 // -1 where any size goes
}

// Session is one loaded model. All methods are safe for concurrent use.
type Session struct {
	file            string
	net             *ort.DynamicAdvancedSession
	in, out         []ort.InputOutputInfo
	places          chan struct{}
	inputs, outputs map[string]Slot

	mu     sync.RWMutex // held for reading during runs
	closed bool
}

// environment guards the library, of which a process has one.
var environment sync.Mutex

// Load loads the library once in a process; later calls do nothing, whatever path they name. Kind: fault.Unavailable
// where it is missing or is not ONNX Runtime.
func Load(library string) error {
	environment.Lock()
	defer environment.Unlock()
	if ort.IsInitialized() {
		return nil
	}
	missing := fault.Error{Op: "onnx.load", Subject: filepath.Base(library), Kind: fault.Unavailable, Code: "no-onnxruntime",
		Text: "The ONNX Runtime library " + filepath.Base(library) + " is missing or does not fit this machine; install it into the folder of native libraries."}
	if _, err := os.Stat(library); err != nil {
		missing.Err = err
		return &missing
	}
	tune()
	ort.SetSharedLibraryPath(library)
	if err := ort.InitializeEnvironment(ort.WithLogLevelError()); err != nil {
		missing.Err = err
		return &missing
	}
	if err := ort.DisableTelemetry(); err != nil {
		return fault.E("onnx.load", library, fault.Internal, err)
	}
	return nil
}

// Open loads a model for one run at a time. See OpenWith.
func Open(library, model string) (*Session, error) { return OpenWith(library, model, Options{}) }

// OpenWith loads the library unless that was done, and a model. Kinds: fault.Unavailable without the library,
// fault.NotFound without the file, fault.Corrupt (code "bad-model") where the file is no model that can be run.
func OpenWith(library, model string, o Options) (*Session, error) {
	if err := Load(library); err != nil {
		return nil, err
	}
	if st, err := os.Stat(model); errors.Is(err, fs.ErrNotExist) || (err == nil && st.IsDir()) {
		return nil, fault.Say("onnx.open", model, fault.NotFound, "no-model", "The model file %s is missing.", filepath.Base(model))
	}
	s := &Session{file: model, places: make(chan struct{}, max(1, o.Workers)), inputs: map[string]Slot{}, outputs: map[string]Slot{}}
	options, err := sessionOptions(o)
	if err != nil {
		return nil, fault.E("onnx.open", model, fault.Internal, err)
	}
	defer options.Destroy()
	if s.in, s.out, err = slots(model); err != nil {
		return nil, badModel(model, err)
	}
	names := func(of []ort.InputOutputInfo, slots map[string]Slot) (out []string) {
		for _, i := range of {
			slots[i.Name] = Slot{kindOf(i.DataType), i.Dimensions}
			out = append(out, i.Name)
		}
		return out
	}
	if s.net, err = ort.NewDynamicAdvancedSession(model, names(s.in, s.inputs), names(s.out, s.outputs), options); err != nil {
		return nil, badModel(model, err)
	}
	return s, nil
}

// slots reads what a model takes and gives. It is a load of its own, so nothing is optimised for it.
func slots(model string) (in, out []ort.InputOutputInfo, err error) {
	o, err := sessionOptions(Options{Lean: true})
	if err != nil {
		return nil, nil, err
	}
	defer o.Destroy()
	if err := o.SetGraphOptimizationLevel(ort.GraphOptimizationLevelDisableAll); err != nil {
		return nil, nil, err
	}
	return ort.GetInputOutputInfoWithOptions(model, o)
}

// sessionOptions: one thread that does not spin. Two threads on a busy machine cost 1.5 to 3 times the processor time.
func sessionOptions(o Options) (*ort.SessionOptions, error) {
	so, err := ort.NewSessionOptions()
	if err != nil {
		return nil, err
	}
	steps := []error{so.SetIntraOpNumThreads(1), so.SetInterOpNumThreads(1), so.AddSessionConfigEntry("session.intra_op.allow_spinning", "0")}
	if o.Lean {
		steps = append(steps, so.SetCpuMemArena(false), so.SetMemPattern(false))
	}
	if err := errors.Join(steps...); err != nil {
		return nil, errors.Join(err, so.Destroy())
	}
	return so, nil
}

func badModel(model string, err error) error {
	return &fault.Error{Op: "onnx.open", Subject: model, Kind: fault.Corrupt, Code: "bad-model", Err: err,
		Text: "The model file " + filepath.Base(filepath.Dir(model)) + "/" + filepath.Base(model) + " is damaged or is not a model that can be run; install it again."}
}

// Inputs and Outputs say what the model takes and gives, by name.
func (s *Session) Inputs() map[string]Slot { return s.inputs }

// Outputs is what the model gives, by name.
func (s *Session) Outputs() map[string]Slot { return s.outputs }

// Meta returns a value of the model's own metadata, "" where it has none of that key. Kind: fault.Corrupt.
func (s *Session) Meta(key string) (string, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return "", s.gone()
	}
	m, err := s.net.GetModelMetadata()
	if err != nil {
		return "", badModel(s.file, err)
	}
	defer m.Destroy()
	v, _, err := m.LookupCustomMetadataMap(key)
	if err != nil {
		return "", badModel(s.file, err)
	}
	return v, nil
}

// Run computes all outputs from the inputs. It waits for a free place and stops soon after ctx ends. The inputs' slices
// must not change meanwhile. Kinds: fault.Corrupt (code "bad-model") where the model does not take these inputs or fails
// on them, fault.Canceled.
func (s *Session) Run(ctx context.Context, in map[string]Tensor) (map[string]Tensor, error) {
	select {
	case s.places <- struct{}{}:
		defer func() { <-s.places }()
	case <-ctx.Done():
		return nil, fault.E("onnx.run", s.file, fault.Canceled, context.Cause(ctx))
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return nil, s.gone()
	}
	if ctx.Err() != nil {
		return nil, fault.E("onnx.run", s.file, fault.Canceled, context.Cause(ctx))
	}
	values, free, err := s.values(in)
	defer free()
	if err != nil {
		return nil, unfit(s.file, err)
	}
	results := make([]ort.Value, len(s.out))
	if err := s.compute(ctx, values, results); err != nil {
		if ctx.Err() != nil {
			return nil, fault.E("onnx.run", s.file, fault.Canceled, context.Cause(ctx))
		}
		return nil, unfit(s.file, err)
	}
	out := make(map[string]Tensor, len(results))
	for n, v := range results {
		if out[s.out[n].Name], err = taken(v); err != nil {
			return nil, unfit(s.file, err)
		}
		_ = v.Destroy() // the numbers are Go's own
	}
	return out, nil
}

// compute runs the network and tells it to stop when ctx ends.
func (s *Session) compute(ctx context.Context, values, results []ort.Value) error {
	o, err := ort.NewRunOptions()
	if err != nil {
		return err
	}
	defer o.Destroy()
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() { _ = o.Terminate(); close(ended) })
	err = s.net.RunWithOptions(values, results, o)
	if !stop() {
		<-ended // the options live until they were told
	}
	return err
}

// values orders and checks the inputs; free gives their handles back.
func (s *Session) values(in map[string]Tensor) (values []ort.Value, free func(), err error) {
	free = func() {
		for _, v := range values {
			_ = v.Destroy()
		}
	}
	if len(in) != len(s.in) {
		return nil, free, fmt.Errorf("%d inputs given, the model takes %d", len(in), len(s.in))
	}
	for _, i := range s.in {
		t, ok := in[i.Name]
		if !ok {
			return values, free, fmt.Errorf("the model wants an input %q", i.Name)
		}
		if want := kindOf(i.DataType); t.kind() != want {
			return values, free, fmt.Errorf("input %q is %s, the model wants %s", i.Name, t.kind(), want)
		}
		size := int64(1)
		for _, d := range t.Shape {
			size *= d
		}
		if size != int64(t.len()) {
			return values, free, fmt.Errorf("input %q holds %d numbers for shape %v", i.Name, t.len(), t.Shape)
		}
		v, err := t.value()
		if err != nil {
			return values, free, err
		}
		values = append(values, v)
	}
	return values, free, nil
}

func unfit(model string, err error) error {
	return &fault.Error{Op: "onnx.run", Subject: model, Kind: fault.Corrupt, Code: "bad-model", Err: err,
		Text: "The model " + filepath.Base(filepath.Dir(model)) + "/" + filepath.Base(model) + " does not take what this ability gives it; install the version that the catalogue names."}
}

func (s *Session) gone() error {
	return fault.Say("onnx.run", s.file, fault.Canceled, "", "The model was unloaded.")
}

// Close waits for the runs under way and frees the model. Closing twice is fine.
func (s *Session) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	if err := s.net.Destroy(); err != nil {
		return fault.E("onnx.close", s.file, fault.Internal, err)
	}
	return nil
}
