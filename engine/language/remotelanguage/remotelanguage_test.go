package remotelanguage_test

import (
	"context"
	"hash/fnv"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"showreel/engine/language"
	"showreel/engine/language/languagetest"
	"showreel/engine/language/remotelanguage"
	"showreel/fault"
	"showreel/platform/sidecar"
)

// words is an Embedder that counts the letter groups of words: enough meaning for the suite.
type words struct{}

func (words) Embed(_ context.Context, texts []string) (language.Vectors, error) {
	out := language.Vectors{Model: "words 1"}
	for _, text := range texts {
		v, sum := make([]float32, 256), 1.0
		v[0] = 1
		fields := strings.Fields(strings.ToLower(text))
		if len(fields) > 500 {
			fields = fields[:500]
			out.Cut++
		}
		for _, w := range fields {
			h := fnv.New32()
			_, _ = h.Write([]byte(w[:min(4, len(w))]))
			v[1+h.Sum32()%255]++
		}
		sum = 0
		for _, x := range v {
			sum += float64(x) * float64(x)
		}
		for n := range v {
			v[n] /= float32(math.Sqrt(sum))
		}
		out.Values = append(out.Values, v)
	}
	return out, nil
}

type broken struct{}

func (broken) Embed(context.Context, []string) (language.Vectors, error) {
	return language.Vectors{}, fault.Say("language.embed", "m", fault.Unavailable, "model-missing", "showreel models install m")
}

func over(t *testing.T, e language.Embedder) language.Embedder {
	t.Helper()
	mux := http.NewServeMux()
	remotelanguage.Mount(mux, e)
	server := httptest.NewServer(sidecar.RequireToken("secret", mux))
	t.Cleanup(server.Close)
	reach, err := sidecar.NewRemote("secret", server.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = reach.Close() })
	return remotelanguage.New(sidecar.New(reach))
}

func TestSuite(t *testing.T) { languagetest.Embedder(t, over(t, words{})) }

func TestFaultsCross(t *testing.T) {
	if _, err := over(t, broken{}).Embed(t.Context(), []string{"a"}); !fault.Is(err, fault.Unavailable) || fault.CodeOf(err) != "model-missing" {
		t.Errorf("%v", err)
	}
}
