//go:build cgo

package main

import (
	"net/http"

	"showreel/engine/vision/onnxvision"
	"showreel/engine/vision/remotevision"
)

// openVision plays engine/vision on ONNX Runtime.
func openVision(o roleOptions) (role, error) {
	d, err := onnxvision.Open(onnxvision.Options{Models: o.Models, Native: o.Native, Workers: o.Workers})
	if err != nil {
		return role{}, err
	}
	return role{Mount: func(mux *http.ServeMux) { remotevision.Mount(mux, d) }, Close: d.Close}, nil
}
