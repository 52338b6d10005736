//go:build cgo

package onnx

import (
	"fmt"

	ort "github.com/yalue/onnxruntime_go"
)

// Tensor is numbers with a shape, row by row. Exactly one of the slices is set. An empty shape is a single number.
type Tensor struct {
	Shape []int64
	F32   []float32
	I64   []int64
	U8    []uint8
	Bool  []bool
}

// Floats is a tensor of float32.
func Floats(data []float32, shape ...int64) Tensor { return Tensor{Shape: shape, F32: data} }

// Ints is a tensor of int64.
func Ints(data []int64, shape ...int64) Tensor { return Tensor{Shape: shape, I64: data} }

// Bytes is a tensor of uint8.
func Bytes(data []uint8, shape ...int64) Tensor { return Tensor{Shape: shape, U8: data} }

// Bools is a tensor of bool.
func Bools(data []bool, shape ...int64) Tensor { return Tensor{Shape: shape, Bool: data} }

// kind is the element type's name, as in Slot.Type.
func (t Tensor) kind() string {
	switch {
	case t.F32 != nil:
		return "float32"
	case t.I64 != nil:
		return "int64"
	case t.U8 != nil:
		return "uint8"
	case t.Bool != nil:
		return "bool"
	}
	return "nothing"
}

func (t Tensor) len() int { return len(t.F32) + len(t.I64) + len(t.U8) + len(t.Bool) }

// value hands the tensor to the library; the slice is shared, not copied, and kept alive by the value.
func (t Tensor) value() (ort.Value, error) {
	switch t.kind() {
	case "float32":
		return hand(t.Shape, t.F32)
	case "int64":
		return hand(t.Shape, t.I64)
	case "uint8":
		return hand(t.Shape, t.U8)
	case "bool":
		return hand(t.Shape, t.Bool)
	}
	return nil, fmt.Errorf("a tensor without numbers")
}

func hand[T ort.TensorData](shape []int64, data []T) (ort.Value, error) {
	if len(shape) == 0 {
		return ort.NewScalar(data[0])
	}
	return ort.NewTensor(ort.Shape(shape), data)
}

// taken reads a value of the library. Its slice is Go's own.
func taken(v ort.Value) (Tensor, error) {
	shape := []int64(v.GetShape())
	switch v := v.(type) {
	case *ort.Tensor[float32]:
		return Tensor{Shape: shape, F32: v.GetData()}, nil
	case *ort.Tensor[int64]:
		return Tensor{Shape: shape, I64: v.GetData()}, nil
	case *ort.Tensor[int32]:
		wide := make([]int64, len(v.GetData()))
		for n, x := range v.GetData() {
			wide[n] = int64(x)
		}
		return Tensor{Shape: shape, I64: wide}, nil
	case *ort.Tensor[uint8]:
		return Tensor{Shape: shape, U8: v.GetData()}, nil
	case *ort.Tensor[bool]:
		return Tensor{Shape: shape, Bool: v.GetData()}, nil
	}
	return Tensor{}, fmt.Errorf("an answer of a type that is not handled")
}

// kindOf names an element type of the library; "" is one that Tensor does not carry.
func kindOf(t ort.TensorElementDataType) string {
	switch t {
	case ort.TensorElementDataTypeFloat:
		return "float32"
	case ort.TensorElementDataTypeInt64:
		return "int64"
	case ort.TensorElementDataTypeInt32:
		return "int32"
	case ort.TensorElementDataTypeUint8:
		return "uint8"
	case ort.TensorElementDataTypeBool:
		return "bool"
	}
	return ""
}
