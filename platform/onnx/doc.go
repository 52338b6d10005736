// Package onnx runs neural networks stored as ONNX files: tensors in by name, tensors out by name, on the processor with
// one thread a run. It knows nothing of pictures, sound or words and keeps no models of its own; drivers name the file and
// the library. It is a thin layer over ONNX Runtime (github.com/yalue/onnxruntime_go), which a process loads once.
//
// Everything but this comment needs cgo, and is linked by the programs that run models only.
package onnx
