package cmaf

import "io"

// Shown is what a file presents: from when to when in ticks of the track, and how many samples.
type Shown struct {
	Start, End int64
	Samples    int64
}

// Present reads the presentation times of a track file or of a part of one behind its header. An edit list counts for
// nothing, as in players of CMAF. fault.Corrupt or fault.Unsupported as in Scan.
func Present(r io.ReaderAt, size int64) (Shown, error) {
	var out Shown
	err := walk(r, size, func([]byte, initInfo) error { return nil }, func(f *fragment, _ []byte, _, _ int64) error {
		at := int64(f.decode)
		for _, s := range f.samples {
			from := at + int64(s.cts)
			if out.Samples == 0 || from < out.Start {
				out.Start = from
			}
			out.End = max(out.End, from+int64(s.duration))
			out.Samples++
			at += int64(s.duration)
		}
		return nil
	})
	if err == nil && out.Samples == 0 {
		err = corrupt("cmaf.present", "it holds no fragments")
	}
	return out, err
}
