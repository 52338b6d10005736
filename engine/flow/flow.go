package flow

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync"
	"time"
	"unicode"

	"showreel/fault"
	"showreel/platform/sqldb"
)

// State is where a run stands.
type State string

// The states. Done, Failed and Cancelled are ends; Restart leads out of the last two.
const (
	Pending   State = "pending" // recorded, nobody executes it yet
	Running   State = "running"
	Done      State = "done"
	Failed    State = "failed"
	Cancelled State = "cancelled"
)

// Ended reports whether nothing more will happen by itself.
func (s State) Ended() bool { return s == Done || s == Failed || s == Cancelled }

// Status describes a run.
type Status struct {
	Key       string
	Name      string
	State     State
	Error     *SavedFault     // of a failed run
	Output    json.RawMessage // of a done run
	StartedMS int64           // UTC milliseconds of the latest execution; 0 before the first
	EndedMS   int64           // 0 before the end
}

// maxKeyBytes bounds a run's key.
const maxKeyBytes = 200

// Engine starts, steers and executes runs. Register every workflow first, then Launch.
type Engine struct {
	driver Driver
	db     *sqldb.DB
	log    *slog.Logger
	idle   bool

	patience time.Duration // of a step with a database or storage that is away

	flowsMu sync.RWMutex
	flows   map[string]workflow

	mu       sync.Mutex // Launch and Close
	launched bool
	closed   bool

	relay relay
}

// workflow is a registered function over encoded values.
type workflow func(c *run, input json.RawMessage) (json.RawMessage, error)

// An Opt changes an engine.
type Opt func(*Engine)

// WithLog sends the engine's log somewhere else than to slog.Default.
func WithLog(l *slog.Logger) Opt { return func(e *Engine) { e.log = l } }

// WithoutWork makes an engine that starts and steers runs and executes none: the API process of a split installation.
func WithoutWork() Opt { return func(e *Engine) { e.idle = true } }

// New returns an engine over a driver, which it closes. db is the business database with Schema migrated; without it
// StartIn is refused.
func New(d Driver, db *sqldb.DB, opts ...Opt) *Engine {
	e := &Engine{driver: d, db: db, log: slog.Default(), patience: outagePatience, flows: map[string]workflow{}}
	for _, o := range opts {
		o(e)
	}
	e.relay.init(e)
	return e
}

// Register names a workflow function. The name is stored with every run: it never changes. It panics, as ServeMux does,
// when the name is taken or the engine runs already, for both are mistakes in the program.
func Register[I, O any](e *Engine, name string, fn func(Ctx, I) (O, error)) {
	e.register(name, func(c *run, raw json.RawMessage) (json.RawMessage, error) {
		in, err := decode[I](raw)
		if err != nil {
			return nil, fault.E("flow.run", c.ID(), fault.Corrupt, err)
		}
		out, err := fn(c, in)
		if err != nil {
			return nil, err
		}
		return encode(c.ID(), out)
	})
}

func (e *Engine) register(name string, w workflow) {
	e.mu.Lock()
	launched := e.launched
	e.mu.Unlock()
	e.flowsMu.Lock()
	defer e.flowsMu.Unlock()
	switch {
	case name == "":
		panic("flow: a workflow without a name")
	case launched:
		panic("flow: workflow " + name + " registered after Launch")
	case e.flows[name] != nil:
		panic("flow: workflow " + name + " registered twice")
	}
	e.flows[name] = w
}

// Launch continues what was cut off, executes runs and relays the starts of business transactions until Close.
func (e *Engine) Launch(ctx context.Context) error {
	e.mu.Lock()
	if e.launched {
		e.mu.Unlock()
		return fault.Say("flow.launch", "", fault.Conflict, "flow-launched", "The workflow engine runs already.")
	}
	e.launched = true
	e.mu.Unlock()
	if !e.idle {
		if err := e.driver.Launch(ctx, e.execute); err != nil {
			return fault.E("flow.launch", "", "", err)
		}
	}
	e.relay.start(ctx)
	return nil
}

// Close interrupts the runs of this process; they continue at the next Launch. ctx bounds the wait. Closing again after
// a success changes nothing.
func (e *Engine) Close(ctx context.Context) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return nil
	}
	e.relay.stop()
	if err := e.driver.Close(ctx); err != nil {
		return fault.E("flow.close", "", "", err)
	}
	e.closed = true
	return nil
}

// Start records a run under its key and lets it be executed. It is idempotent: a key that exists, in whatever state, is
// left alone. Kinds: fault.Invalid for an unknown workflow or a bad key.
func (e *Engine) Start(ctx context.Context, name, key string, input any) error {
	const op = "flow.start"
	raw, err := e.checked(op, name, key, input)
	if err != nil {
		return err
	}
	if err := e.driver.Start(ctx, name, key, raw); err != nil {
		return fault.E(op, key, "", err)
	}
	return nil
}

// Signal leaves a value for the run's Await of the topic. A value that comes early waits. fault.NotFound for an unknown
// key.
func (e *Engine) Signal(ctx context.Context, key, topic string, v any) error {
	const op = "flow.signal"
	raw, err := encode(key, v)
	if err != nil {
		return err
	}
	return e.onRun(ctx, op, key, func() error { return e.driver.Signal(ctx, key, topic, raw) })
}

// Cancel ends a run; the contexts of its running steps end. A run that has ended is left alone. fault.NotFound for an
// unknown key.
func (e *Engine) Cancel(ctx context.Context, key string) error {
	return e.onRun(ctx, "flow.cancel", key, func() error { return e.driver.Cancel(ctx, key) })
}

// Restart lets a failed or cancelled run go on from its finished steps; the step that failed is done again. A run that
// failed by an error of the workflow function itself, not of a step, does its last step again. Kinds: fault.NotFound,
// fault.Conflict for a run that has not ended or is done.
func (e *Engine) Restart(ctx context.Context, key string) error {
	const op = "flow.restart"
	s, err := e.Status(ctx, key)
	if err != nil {
		return err
	}
	if s.State != Failed && s.State != Cancelled {
		return fault.Say(op, key, fault.Conflict, "flow-not-stopped", "Only a failed or cancelled run can be restarted; this one is %s.", s.State)
	}
	if err := e.driver.Restart(ctx, key); err != nil {
		return fault.E(op, key, "", err)
	}
	return nil
}

// Forget erases everything that is kept of an ended run: input, results, messages. Its key is free again. Kinds:
// fault.NotFound, fault.Conflict for a run that has not ended.
func (e *Engine) Forget(ctx context.Context, key string) error {
	const op = "flow.forget"
	s, err := e.Status(ctx, key)
	if err != nil {
		return err
	}
	if !s.State.Ended() {
		return fault.Say(op, key, fault.Conflict, "flow-not-ended", "This run is %s; cancel it first.", s.State)
	}
	if err := e.driver.Forget(ctx, key); err != nil {
		return fault.E(op, key, "", err)
	}
	return nil
}

// Status describes a run. fault.NotFound for an unknown key.
func (e *Engine) Status(ctx context.Context, key string) (Status, error) {
	s, err := e.driver.Status(ctx, key)
	if fault.Is(err, fault.NotFound) {
		if st, ok, werr := e.waitingStart(ctx, key); werr != nil {
			return Status{}, werr
		} else if ok {
			return Status{Key: key, Name: st.name, State: Pending}, nil
		}
		return e.statusAgain(ctx, key)
	}
	if err != nil {
		return Status{}, fault.E("flow.status", key, "", err)
	}
	return s, nil
}

// statusAgain asks once more: the relay may have moved the start between the two looks.
func (e *Engine) statusAgain(ctx context.Context, key string) (Status, error) {
	s, err := e.driver.Status(ctx, key)
	if err != nil {
		return Status{}, fault.E("flow.status", key, "", err)
	}
	return s, nil
}

// Wait returns when the run has ended, or ctx.
func (e *Engine) Wait(ctx context.Context, key string) (Status, error) {
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, 250*time.Millisecond) {
		s, err := e.Status(ctx, key)
		if err != nil || s.State.Ended() {
			return s, err
		}
		select {
		case <-ctx.Done():
			return s, fault.E("flow.wait", key, fault.Canceled, context.Cause(ctx))
		case <-time.After(pause):
		}
	}
}

// onRun does something to a run, and starts it first where its start still waits for the relay.
func (e *Engine) onRun(ctx context.Context, op, key string, do func() error) error {
	err := do()
	if fault.Is(err, fault.NotFound) {
		if started, serr := e.relay.one(ctx, key); serr != nil {
			return fault.E(op, key, "", serr)
		} else if started {
			err = do()
		}
	}
	if err != nil {
		return fault.E(op, key, "", err)
	}
	return nil
}

// execute is the Runner given to the driver.
func (e *Engine) execute(r Run, name string, input json.RawMessage) (out json.RawMessage, err error) {
	w := e.flow(name)
	if w == nil {
		return nil, fault.Say("flow.run", r.Key(), fault.Unavailable, "flow-unknown", "This server does not know the workflow %q; start the version that does, then retry.", name)
	}
	defer func() {
		if p := recover(); p != nil {
			e.log.Error("workflow panicked", "flow", name, "key", r.Key(), "panic", p, "stack", string(debug.Stack()))
			out, err = nil, fault.E("flow.run", r.Key(), fault.Internal, fmt.Errorf("panic: %v", p))
		}
	}()
	return w(&run{Context: r, drv: r, log: e.log.With("flow", name, "key", r.Key()), seen: map[string]int{}, patience: e.patience}, input)
}

func (e *Engine) flow(name string) workflow {
	e.flowsMu.RLock()
	defer e.flowsMu.RUnlock()
	return e.flows[name]
}

// checked validates a start and encodes its input.
func (e *Engine) checked(op, name, key string, input any) (json.RawMessage, error) {
	if e.flow(name) == nil {
		return nil, fault.Say(op, name, fault.Invalid, "flow-unknown", "There is no workflow %q.", name)
	}
	if key == "" || len(key) > maxKeyBytes || slices.ContainsFunc([]rune(key), unicode.IsControl) {
		return nil, fault.Say(op, key, fault.Invalid, "flow-key", "A run's key has 1 to %d bytes and no control characters.", maxKeyBytes)
	}
	return encode(key, input)
}

// maxValueBytes bounds inputs and results; anything larger travels as a blob key.
const maxValueBytes = 4 << 20

func encode(key string, v any) (json.RawMessage, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, fault.E("flow.encode", key, fault.Internal, err)
	}
	if len(raw) > maxValueBytes {
		return nil, fault.Say("flow.encode", key, fault.TooLarge, "flow-value-too-large", "A workflow's value has %d bytes and the limit is %d; store it as a blob and pass its key.", len(raw), maxValueBytes)
	}
	return raw, nil
}

func decode[T any](raw json.RawMessage) (v T, err error) {
	if len(raw) == 0 {
		return v, nil
	}
	err = json.Unmarshal(raw, &v)
	return v, err
}
