// Package remotelanguage is both sides of the Embedder of engine/language on the wire of platform/sidecar: a driver that
// asks the helper program and the handler by which the program answers. Vectors travel as parts of little-endian float32,
// one a text. Analysis of texts has no wire: it runs in process.
package remotelanguage

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"math"
	"net/http"

	"showreel/engine/language"
	"showreel/fault"
	"showreel/platform/sidecar"
)

const embedPath = "/v1/language/embed"

// question is the head of a request.
type question struct {
	Texts []string `json:"texts"`
}

// embedder asks a helper.
type embedder struct{ c *sidecar.Client }

// New returns an Embedder that asks the helper behind the client.
func New(c *sidecar.Client) language.Embedder { return embedder{c} }

// Embed implements language.Embedder.
func (e embedder) Embed(ctx context.Context, texts []string) (language.Vectors, error) {
	var out language.Vectors
	parts, err := e.c.Call(ctx, embedPath, question{texts}, nil, &out)
	if err != nil {
		return language.Vectors{}, err
	}
	out.Values = make([][]float32, len(parts))
	for n, p := range parts {
		if len(p)%4 != 0 {
			parts = nil
			break
		}
		v := make([]float32, len(p)/4)
		for k := range v {
			v[k] = math.Float32frombits(binary.LittleEndian.Uint32(p[4*k:]))
		}
		out.Values[n] = v
	}
	if len(parts) != len(texts) {
		return language.Vectors{}, fault.Say("language.embed", "", fault.Corrupt, "bad-answer", "The helper program did not answer with one vector a text; it is of another version than the server.")
	}
	return out, nil
}

// Mount lets an Embedder answer on mux.
func Mount(mux *http.ServeMux, e language.Embedder) {
	sidecar.Handle(mux, embedPath, func(ctx context.Context, head json.RawMessage, _ [][]byte) (sidecar.Answer, error) {
		var q question
		if err := json.Unmarshal(head, &q); err != nil {
			return sidecar.Answer{}, fault.E(embedPath, "", fault.Invalid, err)
		}
		v, err := e.Embed(ctx, q.Texts)
		if err != nil {
			return sidecar.Answer{}, err
		}
		parts := make([][]byte, len(v.Values))
		for n, values := range v.Values {
			for _, x := range values {
				parts[n] = binary.LittleEndian.AppendUint32(parts[n], math.Float32bits(x))
			}
		}
		return sidecar.Answer{Head: v, Parts: parts}, nil
	})
}
