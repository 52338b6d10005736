//go:build cgo

package main

import (
	"net/http"

	"showreel/engine/voice/pipervoice"
	"showreel/engine/voice/remotevoice"
)

// openVoice plays engine/voice by Piper voices.
func openVoice(o roleOptions) (role, error) {
	d, err := pipervoice.Open(pipervoice.Options{Models: o.Models, Native: o.Native, Workers: o.Workers})
	if err != nil {
		return role{}, err
	}
	return role{Mount: func(mux *http.ServeMux) { remotevoice.Mount(mux, d) }, Close: d.Close}, nil
}
