package remotespeech

import (
	"encoding/binary"
	"math"

	"showreel/fault"
)

func soundBytes(pcm []int16) []byte {
	out := make([]byte, 0, 2*len(pcm))
	for _, v := range pcm {
		out = binary.LittleEndian.AppendUint16(out, uint16(v))
	}
	return out
}

func sound(b []byte) ([]int16, error) {
	if len(b)%2 != 0 {
		return nil, fault.Say("remotespeech.request", "", fault.Invalid, "bad-request", "Sound of 16 bit samples has an even number of bytes, not %d.", len(b))
	}
	out := make([]int16, len(b)/2)
	for n := range out {
		out[n] = int16(binary.LittleEndian.Uint16(b[2*n:]))
	}
	return out, nil
}

func floatBytes(v []float32) []byte {
	out := make([]byte, 0, 4*len(v))
	for _, x := range v {
		out = binary.LittleEndian.AppendUint32(out, math.Float32bits(x))
	}
	return out
}

func floats(b []byte) ([]float32, error) {
	if len(b)%4 != 0 {
		return nil, fault.Say("remotespeech.voices", "", fault.Corrupt, "bad-answer", "A vector of %d bytes; run the same version of server and helper program.", len(b))
	}
	out := make([]float32, len(b)/4)
	for n := range out {
		out[n] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*n:]))
	}
	return out, nil
}
