package flow

import (
	"context"
	"encoding/json"
	"time"
)

// Driver is a durable engine. A driver passes flowtest.Run. Its errors are faults: fault.NotFound for an unknown key,
// fault.Conflict for a state that forbids the call, fault.Unavailable where its store cannot be reached.
type Driver interface {
	// Launch begins to execute runs, and first continues those of this process that were cut off.
	Launch(ctx context.Context, run Runner) error
	// Close interrupts the runs of this process, which stay unfinished, and frees everything. ctx bounds the wait.
	Close(ctx context.Context) error
	// Start records a run and lets some process execute it. A key that exists already is left alone. It works before
	// Launch too.
	Start(ctx context.Context, name, key string, input json.RawMessage) error
	// Signal leaves a value for a run's Receive.
	Signal(ctx context.Context, key, topic string, value json.RawMessage) error
	// Cancel ends a run: its state is Cancelled when Cancel returns, and the contexts of its running steps end soon
	// wherever they run. A run that has ended is left alone.
	Cancel(ctx context.Context, key string) error
	// Restart lets a Failed or Cancelled run go on: what Cut keeps is not done again.
	Restart(ctx context.Context, key string) error
	// Forget erases the record of a run that has ended: input, results, messages. Its key is free again.
	Forget(ctx context.Context, key string) error
	// Status describes a run.
	Status(ctx context.Context, key string) (Status, error)
}

// Runner executes one workflow function to its end. Its error is stored with Freeze, unless the run was interrupted.
type Runner func(r Run, name string, input json.RawMessage) (json.RawMessage, error)

// Step is the work of a step.
type Step func(ctx context.Context) (json.RawMessage, error)

// Run is one execution of a workflow, made by the driver. The context ends when the run is cancelled, when the engine
// closes or when another process has taken over; from then on every method fails with fault.Canceled and records
// nothing. The methods are called from one goroutine, in the same order in every execution.
type Run interface {
	context.Context
	Key() string
	// Step returns the recorded result of the step, or does it and records result or error. A stored error comes back
	// through Freeze and Thaw, also the first time.
	Step(path string, fn Step) (json.RawMessage, error)
	// Go is Step in the background; the returned function waits for it and may be called from another goroutine.
	Go(path string, fn Step) func() (json.RawMessage, error)
	// Sleep waits until d after its first call.
	Sleep(d time.Duration) error
	// Receive waits for a value of the topic; ok is false after the timeout, counted from its first call.
	Receive(topic string, timeout time.Duration) (value json.RawMessage, ok bool, err error)
}
