package fault_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"showreel/fault"
)

func TestKindSurvivesWrapping(t *testing.T) {
	inner := fault.Say("probe", "a.mp4", fault.Invalid, "empty-file", "The file is empty.")
	outer := fault.E("ingest.add", "a.mp4", "", fmt.Errorf("step 2: %w", inner))
	if !fault.Is(outer, fault.Invalid) || fault.CodeOf(outer) != "empty-file" || fault.TextOf(outer) != "The file is empty." {
		t.Fatalf("kind %s code %s text %q", fault.KindOf(outer), fault.CodeOf(outer), fault.TextOf(outer))
	}
	if !errors.Is(outer, inner) {
		t.Fatal("the cause is lost")
	}
}

func TestPlainErrorsStayInternalAndQuiet(t *testing.T) {
	err := errors.New("dial tcp 10.0.0.3: secret")
	if fault.KindOf(err) != fault.Internal || strings.Contains(fault.TextOf(err), "secret") {
		t.Fatalf("kind %s text %q", fault.KindOf(err), fault.TextOf(err))
	}
	if !fault.Is(context.Canceled, fault.Canceled) || fault.Is(nil, fault.Internal) {
		t.Fatal("context errors or nil have the wrong kind")
	}
}

func TestCodeAndTextSurviveJoin(t *testing.T) {
	inner := &fault.Error{Op: "kv.put", Kind: fault.Stale, Code: "stale-record", Text: "It was changed meanwhile.", After: 3}
	err := errors.Join(errors.New("rollback"), fmt.Errorf("write: %w", inner))
	if !fault.Is(err, fault.Stale) || fault.CodeOf(err) != "stale-record" || fault.TextOf(err) != "It was changed meanwhile." || fault.AfterOf(err) != 3 {
		t.Fatalf("kind %s code %s text %q after %v", fault.KindOf(err), fault.CodeOf(err), fault.TextOf(err), fault.AfterOf(err))
	}
}
