package blob

import (
	"io"
	"os"
)

// writeBackEvery is after how many bytes the disk is told to start writing.
const writeBackEvery = 8 << 20

// WriteBack returns what to call after every write to w, which begins at byte at of its file, with the number of bytes
// written: the disk then starts to write them while the next ones are made, and the sync at the end finds little to do. It is a
// hint: nothing is durable before that sync. Where w is no file, or the system cannot do it, it does nothing.
func WriteBack(w io.Writer, at int64) func(written int64) {
	f, ok := w.(*os.File)
	if !ok {
		return func(int64) {}
	}
	begun, end := at, at
	return func(written int64) {
		if end += written; end-begun >= writeBackEvery {
			startWriting(f, begun, end-begun)
			begun = end
		}
	}
}
