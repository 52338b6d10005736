//go:build cgo

package main

import (
	"net/http"

	"showreel/engine/language/onnxlanguage"
	"showreel/engine/language/remotelanguage"
)

// openLanguage plays the Embedder of engine/language by bge-small-en.
func openLanguage(o roleOptions) (role, error) {
	d, err := onnxlanguage.Open(onnxlanguage.Options{Models: o.Models, Native: o.Native, Workers: o.Workers})
	if err != nil {
		return role{}, err
	}
	return role{Mount: func(mux *http.ServeMux) { remotelanguage.Mount(mux, d) }, Close: d.Close}, nil
}
