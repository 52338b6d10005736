package cmaf

// bitReader reads single bits, most significant first; past the end it reads zeros and remembers it.
type bitReader struct {
	b    []byte
	at   int // in bits
	over bool
}

func (r *bitReader) read(n int) int {
	v := 0
	for range n {
		v <<= 1
		if r.at >= 8*len(r.b) {
			r.over = true
			continue
		}
		v |= int(r.b[r.at/8]>>(7-r.at%8)) & 1
		r.at++
	}
	return v
}

// configChannels are the channels of each channelConfiguration (ISO/IEC 14496-3 table 1.19, with 23001-8's additions);
// 0 stands for configuration 0, which is described in the stream, and for reserved ones.
var configChannels = [16]int{0, 1, 2, 3, 4, 5, 6, 8, 0, 0, 0, 7, 8, 24, 8, 0}

// audioSpecificConfig reads the object type and the number of channels (ISO/IEC 14496-3 §1.6.2.1); channels is 0 where
// it cannot be told. With parametric stereo the core's single channel plays as two.
func audioSpecificConfig(b []byte) (objectType, channels int) {
	r := &bitReader{b: b}
	objectType = audioObjectType(r)
	samplingFrequency(r)
	configuration := r.read(4)
	channels = configChannels[configuration]
	core := objectType
	if core == 5 || core == 29 { // SBR, parametric stereo: the extension comes first
		samplingFrequency(r)
		core = audioObjectType(r)
	}
	if objectType == 29 && channels == 1 {
		channels = 2
	}
	if configuration == 0 && generalAudio(core) {
		channels = programConfig(r)
	}
	if r.over {
		return objectType, 0
	}
	return objectType, channels
}

func audioObjectType(r *bitReader) int {
	t := r.read(5)
	if t == 31 {
		t = 32 + r.read(6)
	}
	return t
}

func samplingFrequency(r *bitReader) {
	if r.read(4) == 15 {
		r.read(24)
	}
}

// generalAudio reports the object types whose configuration is a GASpecificConfig.
func generalAudio(objectType int) bool {
	switch objectType {
	case 1, 2, 3, 4, 6, 7, 17, 19, 20, 21, 22, 23:
		return true
	}
	return false
}

// programConfig counts the channels of the program_config_element inside a GASpecificConfig (§4.4.1): front, side and
// back elements have one or two, an LFE has one.
func programConfig(r *bitReader) int {
	r.read(1)           // frameLengthFlag
	if r.read(1) == 1 { // dependsOnCoreCoder
		r.read(14)
	}
	r.read(1)         // extensionFlag
	r.read(4 + 2 + 4) // tag, profile, sampling frequency
	front, side, back, lfe, data, coupling := r.read(4), r.read(4), r.read(4), r.read(2), r.read(3), r.read(4)
	for _, bits := range []int{4, 4, 3} { // mono, stereo and matrix mix-down, each behind a flag
		if r.read(1) == 1 {
			r.read(bits)
		}
	}
	channels := lfe
	for range front + side + back {
		channels += 1 + r.read(1)
		r.read(4)
	}
	r.read(4*lfe + 4*data + 5*coupling)
	return channels
}
