// Package onnxvision is the vision engine that runs small packaged networks on the processor through ONNX Runtime:
// EfficientNet-Lite2 for labels, NanoDet for objects, PP-OCRv6 for writing, BlazeFace and FaceRes for faces, open_nsfw for
// nudity, TransNetV2 for shot boundaries. It is linked by the program that runs models only; the server reaches it through
// remotevision. It neither fetches nor converts models: where one is missing, Caps and the calls say what to install.
//
// Every network has its pre- and post-processing here, in Go; where these numbers come from stands beside each.
// Everything but this comment needs cgo.
package onnxvision
