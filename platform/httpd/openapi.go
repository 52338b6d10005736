package httpd

import (
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"
)

// newAPI builds the huma API over the server's doors. Problems are completed by a transformer of this API alone, so
// that huma's package variables stay as they are.
func newAPI(s *Server) huma.API {
	registry := huma.NewMapRegistry("#/components/schemas/", schemaName)
	config := huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{
				Title:       s.config.Title,
				Version:     s.config.Version,
				Description: "Errors are RFC 9457 problems with a stable type. Lists are paged by opaque cursors. Changes need If-Match where an ETag is given.",
			},
			Components: &huma.Components{
				Schemas: registry,
				SecuritySchemes: map[string]*huma.SecurityScheme{
					"session": {Type: "apiKey", In: "cookie", Name: "showreel", Description: "The cookie that signing in sets"},
					"key":     {Type: "http", Scheme: "bearer", Description: "An API key"},
				},
			},
		},
		Formats: map[string]huma.Format{
			"application/json": huma.DefaultJSONFormat,
			"json":             huma.DefaultJSONFormat,
		},
		DefaultFormat: "application/json",
		Transformers:  []huma.Transformer{finishProblem},
	}
	api := huma.NewAPI(config, adapter{s})
	describeProblem(registry)
	return api
}

// schemaName calls the error body what it is.
func schemaName(t reflect.Type, hint string) string {
	if t == reflect.TypeFor[huma.ErrorModel]() || t == reflect.TypeFor[*huma.ErrorModel]() {
		return "Problem"
	}
	return huma.DefaultSchemaNamer(t, hint)
}

// describeProblem corrects the schema: type and instance are URI references, and type is never about:blank here.
func describeProblem(registry huma.Registry) {
	registry.Schema(reflect.TypeFor[huma.ErrorModel](), true, "Problem")
	schema := registry.Map()["Problem"]
	for _, name := range []string{"type", "instance"} {
		schema.Properties[name].Format = "uri-reference"
	}
	schema.Properties["type"].Default = nil
	schema.Properties["type"].Examples = []any{"/problems/not-found"}
	schema.Properties["instance"].Examples = []any{"urn:uuid:0199aa00-0000-7000-8000-000000000000"}
	schema.PrecomputeMessages()
}

// OpenAPI returns the OpenAPI 3.1 document of all typed operations as YAML; the same routes give the same bytes.
func (s *Server) OpenAPI() []byte {
	b, err := s.api.OpenAPI().YAML()
	if err != nil {
		panic("httpd: the OpenAPI document cannot be written: " + err.Error())
	}
	return b
}

// openAPIJSON is the same document as JSON.
func (s *Server) openAPIJSON() []byte {
	b, err := s.api.OpenAPI().MarshalJSON()
	if err != nil {
		panic("httpd: the OpenAPI document cannot be written: " + err.Error())
	}
	return b
}

func (s *Server) registerDocs() {
	s.Handle("GET /openapi.yaml", Public, document("application/openapi+yaml", s.OpenAPI))
	s.Handle("GET /openapi.json", Public, document("application/openapi+json", s.openAPIJSON))
	s.registerExplorer()
}

// document serves bytes made once, on the first request, when every route is registered.
func document(contentType string, make func() []byte) http.Handler {
	return &lazyDocument{contentType: contentType, make: make}
}
