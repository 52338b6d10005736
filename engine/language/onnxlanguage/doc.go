// Package onnxlanguage drives the Embedder of engine/language by BERT models stored as ONNX files: bge-small-en-v1.5
// (Xiao et al. 2023, int8), the vector of the first token, brought to unit length. Texts are not padded: each runs on its
// own, so a vector does not depend on its neighbours. It reads English; other languages get vectors that mean little.
//
// It links ONNX Runtime through cgo and is compiled into showreel-ai only; the server reaches it through remotelanguage.
package onnxlanguage
