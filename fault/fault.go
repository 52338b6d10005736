// Package fault is the one error type of Showreel: an operation, a subject, a kind that survives the wire, and a
// sentence for people. It is not for logging and knows no transport; httpd turns kinds into RFC 9457 problems.
// The shape follows upspin's errors package.
package fault

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Kind says what class of failure an error is. It decides the HTTP status, the exit code and whether a retry may help.
type Kind string

// The kinds. Each has exactly one meaning everywhere.
const (
	Invalid         Kind = "invalid"         // the caller's input is wrong; repeating it will not help
	Unauthenticated Kind = "unauthenticated" // nobody is signed in, or the credential is wrong
	Denied          Kind = "denied"          // known caller, not permitted
	NotFound        Kind = "not-found"       // no such thing, or not visible to this tenant
	Conflict        Kind = "conflict"        // it exists already, or its state forbids the change
	Stale           Kind = "stale"           // a precondition (ETag, revision) did not hold
	Gone            Kind = "gone"            // it existed and has ended: an expired token, a deleted upload
	TooLarge        Kind = "too-large"       // above a stated limit
	Limited         Kind = "limited"         // too many requests or quota spent; After says when to retry
	Unsupported     Kind = "unsupported"     // understood, but this format or option is not handled
	Corrupt         Kind = "corrupt"         // stored or received bytes fail their check
	Unavailable     Kind = "unavailable"     // a capability or engine is not there; the text says what to install or start
	Full            Kind = "full"            // no disk space or memory; free some and it goes on
	Canceled        Kind = "canceled"        // a person or a shutdown ended it
	Internal        Kind = "internal"        // a defect of ours
)

// Error carries what failed. Text is written for people: no Go type names, and it says what to do next.
type Error struct {
	Op      string        // the operation, "library.trash"
	Subject string        // what it concerned: an id or a name, never a secret
	Kind    Kind          //
	Code    string        // a stable slug for the problem type, "empty-file"; empty means the kind itself
	Text    string        // for people
	After   time.Duration // when a retry may help; 0 is unknown
	Err     error         // the cause
}

// E builds an error. A nil err is allowed. The cause's kind is kept when kind is empty.
func E(op, subject string, kind Kind, err error) error {
	if kind == "" {
		kind = KindOf(err)
	}
	return &Error{Op: op, Subject: subject, Kind: kind, Err: err}
}

// Say builds an error with a stable code and a sentence for people.
func Say(op, subject string, kind Kind, code, text string, args ...any) error {
	if len(args) > 0 {
		text = fmt.Sprintf(text, args...)
	}
	return &Error{Op: op, Subject: subject, Kind: kind, Code: code, Text: text}
}

// Error renders operation, subject, text and cause, for logs.
func (e *Error) Error() string {
	s := e.Op
	if e.Subject != "" {
		s += " " + e.Subject
	}
	s += ": "
	switch {
	case e.Text != "" && e.Err != nil:
		s += e.Text + ": " + e.Err.Error()
	case e.Text != "":
		s += e.Text
	case e.Err != nil:
		s += e.Err.Error()
	default:
		s += string(e.Kind)
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// KindOf returns the kind of the first fault in the chain; context errors are Canceled, anything else is Internal.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return Canceled
	}
	return Internal
}

// Is reports whether err is of the kind.
func Is(err error, kind Kind) bool { return err != nil && KindOf(err) == kind }

// CodeOf returns the stable slug of the first fault in the tree that has one, else its kind.
func CodeOf(err error) string {
	if e := find(err, func(e *Error) bool { return e.Code != "" }); e != nil {
		return e.Code
	}
	return string(KindOf(err))
}

// TextOf returns the sentence for people of the first fault in the tree that has one, else a plain sentence for the
// kind. Internal errors never show their cause.
func TextOf(err error) string {
	if e := find(err, func(e *Error) bool { return e.Text != "" }); e != nil {
		return e.Text
	}
	return plain[KindOf(err)]
}

// AfterOf returns when a retry may help, or 0.
func AfterOf(err error) time.Duration {
	if e := find(err, func(e *Error) bool { return e.After > 0 }); e != nil {
		return e.After
	}
	return 0
}

// find walks the tree of err depth first, as errors.As does, to the first fault that is right.
func find(err error, right func(*Error) bool) *Error {
	if e, ok := err.(*Error); ok && right(e) {
		return e
	}
	switch x := err.(type) {
	case interface{ Unwrap() error }:
		if next := x.Unwrap(); next != nil {
			return find(next, right)
		}
	case interface{ Unwrap() []error }:
		for _, next := range x.Unwrap() {
			if e := find(next, right); e != nil {
				return e
			}
		}
	}
	return nil
}

// Transient reports whether doing the same again may succeed.
func Transient(err error) bool {
	switch KindOf(err) {
	case Limited, Unavailable, Full, Internal:
		return true
	}
	return false
}

var plain = map[Kind]string{
	Invalid:         "The request is not valid.",
	Unauthenticated: "Sign in, or send a valid API key.",
	Denied:          "You are not permitted to do this.",
	NotFound:        "There is no such thing here.",
	Conflict:        "Its present state does not allow this.",
	Stale:           "It was changed by someone else meanwhile; load it again and retry.",
	Gone:            "It no longer exists.",
	TooLarge:        "It is larger than the limit.",
	Limited:         "Too many requests; wait a moment and retry.",
	Unsupported:     "This format or option is not supported.",
	Corrupt:         "The stored data does not match its checksum.",
	Unavailable:     "A part this needs is not available; see showreel doctor.",
	Full:            "The disk is full; free some space and retry.",
	Canceled:        "It was cancelled.",
	Internal:        "Something went wrong on our side; the log has the details.",
}
