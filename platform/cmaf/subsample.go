package cmaf

import (
	"github.com/Eyevinn/mp4ff/avc"
	"github.com/Eyevinn/mp4ff/hevc"

	"showreel/fault"
)

// clearLead is what cenc leaves clear of each slice, NAL length included: more than any slice header.
const clearLead = 96

// sliceSize returns the size of the slice header of a coded slice NAL unit in bytes, 0 for other units.
type sliceSize func(nal []byte) (int, error)

// avcRanges reads an avcC box and returns how H.264 samples are protected.
func avcRanges(avcC []byte) (protectedRanges, error) {
	sps, pps := map[uint32]*avc.SPS{}, map[uint32]*avc.PPS{}
	r := reader{b: avcC}
	r.take(4)
	length := int(r.u8()&3) + 1
	for range int(r.u8() & 31) {
		if nal := r.take(int(r.u16())); len(nal) > 0 {
			if x, err := avc.ParseSPSNALUnit(nal, true); err == nil {
				sps[x.ParameterID] = x
			}
		}
	}
	for range int(r.u8()) {
		if nal := r.take(int(r.u16())); len(nal) > 0 {
			if x, err := avc.ParsePPSNALUnit(nal, sps); err == nil {
				pps[x.PicParameterSetID] = x
			}
		}
	}
	if r.bad || len(sps) == 0 || len(pps) == 0 {
		return nil, corrupt("cmaf.protect", "its parameter sets cannot be read")
	}
	return nalRanges(length, func(nal []byte) (bool, sliceSize) {
		t := nal[0] & 31
		return t >= 1 && t <= 5, func(nal []byte) (int, error) {
			h, err := avc.ParseSliceHeader(nal, sps, pps)
			if err != nil {
				return 0, err
			}
			return int(h.Size), nil
		}
	}), nil
}

// hevcRanges reads an hvcC box and returns how HEVC samples are protected.
func hevcRanges(hvcC []byte) (protectedRanges, error) {
	sps, pps := map[uint32]*hevc.SPS{}, map[uint32]*hevc.PPS{}
	r := reader{b: hvcC}
	r.take(21)
	length := int(r.u8()&3) + 1
	for range int(r.u8()) {
		kind := r.u8() & 63
		for range int(r.u16()) {
			nal := r.take(int(r.u16()))
			if len(nal) < 3 {
				continue
			}
			switch kind {
			case 33:
				if x, err := hevc.ParseSPSNALUnit(nal); err == nil {
					sps[uint32(x.SpsID)] = x
				}
			case 34:
				if x, err := hevc.ParsePPSNALUnit(nal, sps); err == nil {
					pps[uint32(x.PicParameterSetID)] = x
				}
			}
		}
	}
	if r.bad || len(sps) == 0 || len(pps) == 0 {
		return nil, corrupt("cmaf.protect", "its parameter sets cannot be read")
	}
	return nalRanges(length, func(nal []byte) (bool, sliceSize) {
		return nal[0]>>1&63 <= 31, func(nal []byte) (int, error) {
			h, err := hevc.ParseSliceHeader(nal, sps, pps)
			if err != nil {
				return 0, err
			}
			return int(h.Size), nil
		}
	}), nil
}

// headerWindow is how much of a slice is looked at for its header.
const headerWindow = 1024

// nalRanges protects the slices of length-prefixed NAL units. cenc protects whole blocks at the end of each slice; cbcs
// protects what follows the slice header.
func nalRanges(length int, classify func(nal []byte) (slice bool, header sliceSize)) protectedRanges {
	return func(dst []subsample, data []byte, scheme string) ([]subsample, error) {
		open := 0 // bytes not yet in a subsample
		first := len(dst)
		for at := 0; at < len(data); {
			if len(data)-at < length {
				return nil, corrupt("cmaf.protect", "a sample is cut off")
			}
			n := 0
			for _, v := range data[at : at+length] {
				n = n<<8 | int(v)
			}
			if n > len(data)-at-length {
				return nil, corrupt("cmaf.protect", "a NAL unit is larger than its sample")
			}
			nal := data[at+length : at+length+n]
			crypted, err := protectedOf(nal, length, scheme, classify)
			if err != nil {
				return nil, err
			}
			open += length + n - crypted
			if crypted > 0 {
				dst = appendSubsample(dst, open, crypted)
				open = 0
			}
			at += length + n
		}
		if open > 0 || len(dst) == first {
			dst = appendSubsample(dst, open, 0)
		}
		if len(dst)-first > maxSubsamples {
			return nil, fault.Say("cmaf.protect", "", fault.Unsupported, "slices", "A picture has too many slices to encrypt.")
		}
		return dst, nil
	}
}

// maxSubsamples keeps a sample's auxiliary information within the 255 bytes that saiz can state.
const maxSubsamples = (255 - 16 - 2) / 6

func protectedOf(nal []byte, length int, scheme string, classify func([]byte) (bool, sliceSize)) (int, error) {
	if len(nal) == 0 {
		return 0, nil
	}
	slice, header := classify(nal)
	if !slice {
		return 0, nil
	}
	if scheme == SchemeCENC {
		return max(0, len(nal)+length-clearLead) &^ 15, nil
	}
	n, err := header(nal[:min(len(nal), headerWindow)])
	if err != nil {
		return 0, fault.Say("cmaf.protect", "", fault.Corrupt, "slice", "A picture's slice header cannot be read; reprocess the asset.")
	}
	return max(0, len(nal)-n), nil
}

// appendSubsample splits clear runs that do not fit 16 bits.
func appendSubsample(dst []subsample, clear, crypted int) []subsample {
	for ; clear > 0xffff; clear -= 0xffff {
		dst = append(dst, subsample{clear: 0xffff})
	}
	return append(dst, subsample{clear: uint32(clear), crypted: uint32(crypted)})
}
