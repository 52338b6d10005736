// Package notify is the port for telling others that something happened: operators by the log, programs by signed webhooks.
// It follows the domain events of platform/outbox with one durable cursor per target, so that a target which hangs or is
// down delays nobody else and misses nothing within MaxAge. It is not for publishing content (engine/publish) nor for the
// console's live updates (the event stream of platform/httpd).
package notify

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"showreel/fault"
	"showreel/platform/outbox"
)

// Message is what a target is told. A message may come more than once; ID is the same each time.
type Message struct {
	ID      string          `json:"id"`
	Tenant  string          `json:"tenant"`
	Name    string          `json:"name"` // "asset.published"; docs/events.md lists them
	Subject string          `json:"subject"`
	AtMS    int64           `json:"atMs"` // when it happened, milliseconds UTC
	Data    json.RawMessage `json:"data,omitempty"`
}

// Driver sends one message. It is safe for concurrent use, honours the context, and bounds its own time. A transient fault
// (fault.Transient) means that trying again may help, at the earliest after fault.AfterOf; any other that it will not.
type Driver interface {
	Send(ctx context.Context, m Message) error
}

// Target is a driver and what it wants to hear.
type Target struct {
	Name   string // stable and unique: it names the durable cursor
	Driver Driver
	Events []string // names, or prefixes with a star ("asset.*"); empty is all
}

// Source is where events come from; *outbox.Outbox is one.
type Source interface {
	Consume(ctx context.Context, consumer string, names []string, fn func(context.Context, outbox.Event) error) error
}

// MaxAge is how old a message may be and still be sent: retries end then, and a new target hears no older history.
const MaxAge = 6 * time.Hour

// The pauses between tries double from firstPause to longestPause, unless the target asks for a longer one.
const (
	firstPause   = time.Second
	longestPause = 5 * time.Minute
)

// Notifier keeps targets informed.
type Notifier struct {
	targets []Target
	log     *slog.Logger
}

// New makes a notifier. It returns fault.Invalid when two targets share a name or one lacks a name or driver. A nil log
// discards.
func New(log *slog.Logger, targets ...Target) (*Notifier, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	seen := map[string]bool{}
	for _, t := range targets {
		if t.Name == "" || t.Driver == nil || seen[t.Name] {
			return nil, fault.Say("notify.new", t.Name, fault.Invalid, "notify-target",
				"Each target of notifications needs a name of its own; the same address may be listed only once.")
		}
		seen[t.Name] = true
	}
	return &Notifier{targets: slices.Clone(targets), log: log}, nil
}

// Run follows the source for every target until ctx ends, and returns the first failure of the source.
func (n *Notifier) Run(ctx context.Context, source Source) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var following sync.WaitGroup
	for _, t := range n.targets {
		following.Go(func() {
			err := source.Consume(ctx, "notify "+t.Name, nil, func(ctx context.Context, e outbox.Event) error {
				return n.deliver(ctx, t, MessageOf(e))
			})
			if err != nil && ctx.Err() == nil {
				cancel(fault.E("notify.run", t.Name, "", err))
			}
		})
	}
	if len(n.targets) == 0 {
		<-ctx.Done()
	}
	following.Wait()
	if cause := context.Cause(ctx); fault.KindOf(cause) != fault.Canceled {
		return cause
	}
	return ctx.Err()
}

// MessageOf makes an event into a message.
func MessageOf(e outbox.Event) Message {
	return Message{ID: e.ID, Tenant: e.Tenant, Name: e.Name, Subject: e.Subject, AtMS: e.AtMS, Data: e.Data}
}

// deliver tries until the target has the message, refuses it for good, or the message is too old. Only the end of ctx is
// an error: then the message is given again after the next start.
func (n *Notifier) deliver(ctx context.Context, t Target, m Message) error {
	if !wants(t.Events, m.Name) {
		return nil
	}
	until := time.UnixMilli(m.AtMS).Add(MaxAge)
	for pause := firstPause; time.Now().Before(until); pause = min(2*pause, longestPause) {
		err := t.Driver.Send(ctx, m)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if !fault.Transient(err) {
			n.log.ErrorContext(ctx, "notification refused", "target", t.Name, "event", m.Name, "id", m.ID, "error", err)
			return nil
		}
		wait := max(pause, fault.AfterOf(err))
		n.log.WarnContext(ctx, "notification delayed", "target", t.Name, "event", m.Name, "id", m.ID, "retry", wait, "error", err)
		if err := sleep(ctx, min(wait, time.Until(until)+time.Millisecond)); err != nil {
			return err
		}
	}
	n.log.ErrorContext(ctx, "notification given up, too old", "target", t.Name, "event", m.Name, "id", m.ID)
	return nil
}

func wants(events []string, name string) bool {
	return len(events) == 0 || slices.ContainsFunc(events, func(want string) bool {
		prefix, any := strings.CutSuffix(want, "*")
		return want == name || any && strings.HasPrefix(name, prefix)
	})
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
