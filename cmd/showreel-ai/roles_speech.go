//go:build cgo

package main

import (
	"net/http"

	"showreel/engine/speech/remotespeech"
	"showreel/engine/speech/whisperspeech"
)

// openSpeech plays engine/speech on whisper.cpp, Silero and Resemblyzer.
func openSpeech(o roleOptions) (role, error) {
	d, err := whisperspeech.Open(whisperspeech.Options{Models: o.Models, Native: o.Native, Workers: o.Workers})
	if err != nil {
		return role{}, err
	}
	return role{Mount: func(mux *http.ServeMux) { remotespeech.Mount(mux, d) }, Close: d.Close}, nil
}
