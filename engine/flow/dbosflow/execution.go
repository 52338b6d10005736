package dbosflow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"

	"showreel/engine/flow"
	"showreel/fault"
)

// Why an execution is interrupted.
var (
	errCancelled = errors.New("the run was cancelled")
	errTakenOver = errors.New("another worker has taken the run over")
	errEnded     = errors.New("this execution has ended")
)

// execution is one execution of a run in this process: a flow.Run.
type execution struct {
	context.Context // of dbos
	dbos            dbos.Context
	cancel          context.CancelCauseFunc
	key             string
	carry           map[string]json.RawMessage // results of before a restart, by step path
	done            chan struct{}

	mu      sync.Mutex
	broken  error  // an interruption that DBOS reported
	changed string // the recorded step in whose place another one came
}

var _ flow.Run = (*execution)(nil)

// workflow is the one function that DBOS knows.
func (d *Driver) workflow(c dbos.Context, input string) (string, error) {
	var env envelope
	if err := json.Unmarshal([]byte(input), &env); err != nil {
		return "", flow.Frozen(flow.Freeze(fault.E("dbosflow.run", "", fault.Corrupt, err)))
	}
	x, err := d.begin(c)
	if err != nil {
		return "", parked(err)
	}
	defer d.end(x)
	out, err := d.runner(x, env.Name, env.Input)
	if cause := x.interrupted(); cause != nil {
		return "", parked(cause)
	}
	if err != nil {
		return "", flow.Frozen(x.save(err).Freeze())
	}
	if len(x.carry) > 0 {
		d.dropCarry(x.key)
	}
	return string(out), nil
}

// parked tells DBOS to record nothing: the run belongs to somebody else, or to our next execution of it.
func parked(cause error) error {
	return fmt.Errorf("%w: %w", dbos.ErrConflictingWorkflowID, cause)
}

// begin makes the execution, after an earlier one of the same run in this process has unwound.
func (d *Driver) begin(c dbos.Context) (*execution, error) {
	key, err := dbos.GetWorkflowID(c)
	if err != nil {
		return nil, err
	}
	ctx, cancel := dbos.WithCancelCause(c)
	x := &execution{Context: ctx, dbos: ctx, cancel: cancel, key: key, done: make(chan struct{})}
	d.mu.Lock()
	before := d.runs[key]
	d.runs[key] = x
	d.mu.Unlock()
	if before != nil {
		before.interrupt(errTakenOver)
		select {
		case <-before.done:
		case <-ctx.Done():
			d.end(x)
			return nil, context.Cause(ctx)
		}
	}
	if x.carry, err = d.loadCarry(ctx, key); err != nil {
		d.end(x)
		return nil, err
	}
	return x, nil
}

func (d *Driver) end(x *execution) {
	x.interrupt(errEnded)
	d.mu.Lock()
	if d.runs[x.key] == x {
		delete(d.runs, x.key)
	}
	d.mu.Unlock()
	close(x.done)
}

// interrupt ends the contexts of the execution and its steps.
func (x *execution) interrupt(cause error) { x.cancel(cause) }

// interrupted gives the reason, or nil.
func (x *execution) interrupted() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.broken != nil {
		return x.broken
	}
	return context.Cause(x)
}

func (x *execution) save(err error) flow.SavedFault {
	s := flow.Save(err)
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.changed != "" && s.Code == codeChanged {
		s.Step = x.changed
	}
	return s
}

// Key implements flow.Run.
func (x *execution) Key() string { return x.key }

// Step implements flow.Run.
func (x *execution) Step(path string, fn flow.Step) (json.RawMessage, error) {
	if err := x.alive(); err != nil {
		return nil, err
	}
	out, err := dbos.RunAsStep(x.dbos, x.work(path, fn), dbos.WithStepName(path))
	return x.outcome(out, err)
}

// Go implements flow.Run.
func (x *execution) Go(path string, fn flow.Step) func() (json.RawMessage, error) {
	if err := x.alive(); err != nil {
		return func() (json.RawMessage, error) { return nil, err }
	}
	results, err := dbos.Go(x.dbos, x.work(path, fn), dbos.WithStepName(path))
	if err != nil {
		_, err = x.outcome("", err)
		return func() (json.RawMessage, error) { return nil, err }
	}
	return func() (json.RawMessage, error) {
		r := <-results
		return x.outcome(r.Result, r.Err)
	}
}

// Sleep implements flow.Run.
func (x *execution) Sleep(d time.Duration) error {
	if err := x.alive(); err != nil {
		return err
	}
	_, err := dbos.Sleep(x.dbos, d)
	_, err = x.outcome("", err)
	return err
}

// Receive implements flow.Run.
func (x *execution) Receive(topic string, timeout time.Duration) (json.RawMessage, bool, error) {
	if err := x.alive(); err != nil {
		return nil, false, err
	}
	text, err := dbos.Recv[string](x.dbos, topic, timeout)
	if errors.Is(err, dbos.ErrTimeout) {
		return nil, false, nil
	}
	raw, err := x.outcome(text, err)
	return raw, err == nil, err
}

// work turns a step into DBOS's form. A result carried over a restart stands for the work.
func (x *execution) work(path string, fn flow.Step) dbos.Step[string] {
	if raw, ok := x.carry[path]; ok {
		return func(context.Context) (string, error) { return string(raw), nil }
	}
	return func(ctx context.Context) (string, error) {
		raw, err := fn(ctx)
		if err != nil {
			return "", flow.Frozen(flow.Freeze(err))
		}
		return string(raw), nil
	}
}

// codeChanged marks a run whose recorded steps do not fit the program.
const codeChanged = "flow-changed"

// outcome tells a step's own error from an interruption.
func (x *execution) outcome(text string, err error) (json.RawMessage, error) {
	if err == nil {
		return json.RawMessage(text), nil
	}
	if s, ok := flow.Thaw(err.Error()); ok && context.Cause(x) == nil {
		return nil, s.Err()
	}
	if unexpected := find(err, dbos.ErrorCodeUnexpectedStep); unexpected != nil {
		x.mu.Lock()
		x.changed = unexpected.RecordedName
		x.mu.Unlock()
		return nil, fault.Say("dbosflow.run", x.key, fault.Conflict, codeChanged,
			"This was begun by another version of the program, whose steps were different. Retry it: it goes on from the last step that both have in common.")
	}
	x.mu.Lock()
	if x.broken == nil {
		x.broken = err
	}
	x.mu.Unlock()
	x.interrupt(err) // the function sees an interruption, and not a failure of its own to record
	return nil, x.alive()
}

// alive is the error of everything after an interruption.
func (x *execution) alive() error {
	if cause := x.interrupted(); cause != nil {
		return fault.E("dbosflow.run", x.key, fault.Canceled, cause)
	}
	return nil
}

// find looks for a DBOS error of the code in the chain.
func find(err error, code dbos.ErrorCode) *dbos.Error {
	for err != nil {
		var e *dbos.Error
		if !errors.As(err, &e) {
			return nil
		}
		if e.Code == code {
			return e
		}
		err = errors.Unwrap(e)
	}
	return nil
}
