package flow

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"

	"showreel/fault"
)

// SavedFault is an error as a driver stores it.
type SavedFault struct {
	Kind   fault.Kind    `json:"kind"`
	Code   string        `json:"code"`
	Text   string        `json:"text"`             // for people
	Detail string        `json:"detail,omitempty"` // for the log
	Step   string        `json:"step,omitempty"`   // the step that failed, empty where the workflow function itself did
	After  time.Duration `json:"after,omitempty"`
}

// Err makes an error of it again, which prints as the one that was saved.
func (s SavedFault) Err() error {
	e := &fault.Error{Op: "flow.step", Subject: s.Step, Kind: s.Kind, Code: s.Code, Text: s.Text, After: s.After}
	if s.Detail != "" && strings.Contains(s.Detail, s.Text) {
		return &saved{err: e, detail: s.Detail}
	}
	if s.Detail != "" {
		e.Err = errors.New(s.Detail)
	}
	return e
}

// saved is a fault whose detail tells its text already.
type saved struct {
	err    *fault.Error
	detail string
}

func (s *saved) Error() string { return s.detail }
func (s *saved) Unwrap() error { return s.err }

// stepError remembers which step an error came from on its way through the workflow function.
type stepError struct {
	path string
	err  error
}

func (e *stepError) Error() string { return "step " + e.path + ": " + e.err.Error() }
func (e *stepError) Unwrap() error { return e.err }

// StepOf returns the step that an error of Do or Each came from, "" for any other error.
func StepOf(err error) string {
	var e *stepError
	if errors.As(err, &e) {
		return e.path
	}
	return ""
}

const (
	frozenMark     = "showreel-fault:"
	maxDetailBytes = 4 << 10
)

// Save describes an error for storing.
func Save(err error) SavedFault {
	detail := err.Error()
	if len(detail) > maxDetailBytes {
		detail = strings.ToValidUTF8(detail[:maxDetailBytes], "") + "…"
	}
	return SavedFault{Kind: fault.KindOf(err), Code: fault.CodeOf(err), Text: fault.TextOf(err), Detail: detail, Step: StepOf(err), After: fault.AfterOf(err)}
}

// Freeze renders an error as the text that a driver stores.
func Freeze(err error) string { return Save(err).Freeze() }

// Freeze renders it as the text that a driver stores.
func (s SavedFault) Freeze() string {
	raw, err := json.Marshal(s)
	if err != nil { // a struct of plain fields always encodes
		return s.Text
	}
	return frozenMark + string(raw)
}

// Thaw reads what Freeze wrote; ok is false for any other text.
func Thaw(text string) (s SavedFault, ok bool) {
	raw, ok := strings.CutPrefix(text, frozenMark)
	if !ok || json.Unmarshal([]byte(raw), &s) != nil || s.Kind == "" {
		return SavedFault{}, false
	}
	return s, true
}

// Frozen is an error whose message is Freeze's text, for drivers whose engine stores an error's message.
type Frozen string

func (f Frozen) Error() string { return string(f) }

// StepRecord is a recorded step, as Cut needs it.
type StepRecord struct {
	ID     int // its place in the run, from 0
	Path   string
	OK     bool
	Output json.RawMessage
}

// Cut says where a failed run goes on. Every record below start is kept as it is, errors that the workflow function
// handled included; those of carry, which come later, are finished items of the Each that failed and are kept too;
// the rest is done again. Without a culprit the last step is done again. steps are in order of ID.
func Cut(steps []StepRecord, culprit string) (start int, carry []StepRecord) {
	if len(steps) == 0 {
		return 0, nil
	}
	at := -1
	for i, s := range steps {
		if s.Path == culprit {
			at = i
		}
	}
	if at < 0 {
		return steps[len(steps)-1].ID, nil
	}
	prefix, index, isItem := itemOf(culprit)
	if !isItem {
		return steps[at].ID, nil
	}
	start = steps[at].ID
	next := start - index // the place of the item that is due; one that is missing was cut off
	for _, s := range steps {
		if !strings.HasPrefix(s.Path, prefix) {
			continue
		}
		if s.ID != next {
			start = min(start, next)
		}
		if !s.OK {
			start = min(start, s.ID)
		}
		next = s.ID + 1
		if s.OK && s.ID > start {
			carry = append(carry, s)
		}
	}
	return start, carry
}

// itemOf takes the path of an item of an Each apart: "encode[3]" is item 3 of "encode[".
func itemOf(path string) (prefix string, index int, ok bool) {
	i := strings.LastIndexByte(path, '[')
	if i < 0 || !strings.HasSuffix(path, "]") {
		return "", 0, false
	}
	index, err := strconv.Atoi(path[i+1 : len(path)-1])
	return path[:i+1], index, err == nil
}
