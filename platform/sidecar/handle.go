package sidecar

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"runtime/debug"
	"strings"

	"showreel/fault"
)

// Answer is what a handler gives back: a head to encode as JSON and binary parts.
type Answer struct {
	Head  any
	Parts [][]byte
}

// Func answers one kind of call. The head is the caller's JSON.
type Func func(ctx context.Context, head json.RawMessage, parts [][]byte) (Answer, error)

// wireFault is a fault on the wire.
type wireFault struct {
	Op      string     `json:"op"`
	Subject string     `json:"subject,omitempty"`
	Kind    fault.Kind `json:"kind"`
	Code    string     `json:"code,omitempty"`
	Text    string     `json:"text,omitempty"`
	Cause   string     `json:"cause,omitempty"`
}

// Handle mounts a function at POST path.
func Handle(mux *http.ServeMux, path string, fn Func) {
	mux.HandleFunc("POST "+path, func(w http.ResponseWriter, r *http.Request) {
		out, err := answer(r, path, fn)
		if err != nil {
			writeFault(w, err)
			return
		}
		var head []byte
		if head, err = json.Marshal(out.Head); err != nil {
			writeFault(w, fault.E("sidecar.handle", path, fault.Internal, err))
			return
		}
		w.Header().Set("Content-Type", ContentType)
		// A write error means that the caller has gone; there is nobody to tell.
		_ = writeMessage(w, json.RawMessage(head), out.Parts)
	})
}

func answer(r *http.Request, path string, fn Func) (out Answer, err error) {
	defer func() {
		if v := recover(); v != nil {
			debug.PrintStack()
			err = fault.Say("sidecar.handle", path, fault.Internal, "helper-panic", "The helper program met a defect of its own while it worked on this.")
		}
	}()
	head, parts, err := readMessage(r.Body)
	if err != nil {
		return Answer{}, err
	}
	return fn(r.Context(), head, parts)
}

func writeFault(w http.ResponseWriter, err error) {
	f := wireFault{Kind: fault.KindOf(err), Text: fault.TextOf(err), Cause: err.Error()}
	if code := fault.CodeOf(err); code != string(f.Kind) {
		f.Code = code
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusUnprocessableEntity)
	_ = json.NewEncoder(w).Encode(f)
}

func readFault(op string, body []byte) error {
	var f wireFault
	if err := json.Unmarshal(body, &f); err != nil || f.Kind == "" {
		return broken("its error is not one of ours", err)
	}
	return &fault.Error{Op: op, Subject: f.Subject, Kind: f.Kind, Code: f.Code, Text: f.Text, Err: causeOf(f.Cause)}
}

// remoteCause is the other side's own words, for logs.
type remoteCause string

// Error implements error.
func (c remoteCause) Error() string { return string(c) }

func causeOf(s string) error {
	if s == "" {
		return nil
	}
	return remoteCause(s)
}

// RequireToken lets only callers through that present the token as a bearer. An empty token lets nobody through.
func RequireToken(token string, next http.Handler) http.Handler {
	want := sha256.Sum256([]byte(token))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		given, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		got := sha256.Sum256([]byte(given))
		if token == "" || subtle.ConstantTimeCompare(want[:], got[:]) != 1 {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// encode renders a message into memory.
func encode(head any, parts [][]byte) ([]byte, error) {
	var b bytes.Buffer
	err := writeMessage(&b, head, parts)
	return b.Bytes(), err
}
