package seal

import (
	"io"
	"sync"

	"showreel/engine/blob"
	"showreel/fault"
)

// window is how many plain bytes small sequential reads decrypt at once.
const window = 4 * chunkSize

// reader is random access to the plain bytes. Reads of a chunk or more go straight through; smaller ones are served
// from a decrypted block, a whole window of it once they run in sequence.
type reader struct {
	key  string
	src  blob.ReaderAtCloser
	at   io.ReaderAt // plain bytes, authenticated chunk by chunk
	size int64

	mu    sync.Mutex
	block []byte // plain bytes from start; its capacity is reused
	start int64
}

// Size implements blob.ReaderAtCloser.
func (r *reader) Size() int64 { return r.size }

// Close implements blob.ReaderAtCloser.
func (r *reader) Close() error { return r.src.Close() }

// ReadAt implements io.ReaderAt.
func (r *reader) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, fault.Say("seal.read", r.key, fault.Invalid, "bad-range", "A read cannot start before the first byte.")
	}
	if off >= r.size {
		return 0, io.EOF
	}
	if len(p) >= chunkSize {
		return r.direct(p, off)
	}
	n := 0
	for n < len(p) && off < r.size {
		m, err := r.fromBlock(p[n:], off)
		n, off = n+m, off+int64(m)
		if err != nil {
			return n, err
		}
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// direct decrypts into p. A read that ends with the blob may return io.EOF beside a full p.
func (r *reader) direct(p []byte, off int64) (int, error) {
	n, err := r.at.ReadAt(p, off)
	if err == io.EOF {
		if n < len(p) {
			return n, io.EOF
		}
		return n, nil
	}
	return n, damaged("seal.read", r.key, err)
}

// fromBlock copies what the block holds at off, decrypting another block first when it holds nothing there.
func (r *reader) fromBlock(p []byte, off int64) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	end := r.start + int64(len(r.block))
	if off < r.start || off >= end {
		length := int64(chunkSize)
		if off == end && end > 0 {
			length = window
		}
		start := off - off%chunkSize
		length = min(length, r.size-start)
		if int64(cap(r.block)) < length {
			r.block = make([]byte, length)
		}
		r.block, r.start = r.block[:length], start
		if _, err := r.direct(r.block, start); err != nil {
			r.block = r.block[:0]
			return 0, err
		}
	}
	return copy(p, r.block[off-r.start:]), nil
}

// stream reads a range in windows that begin at chunk borders, so that each chunk is decrypted once.
type stream struct {
	r        *reader
	off, end int64
	buf      []byte // whole window
	rest     []byte // decrypted and not yet read, part of buf
}

// fill decrypts the next window. It returns io.EOF at the end of the range.
func (s *stream) fill() error {
	if s.off >= s.end {
		return io.EOF
	}
	n := min(window-s.off%chunkSize, s.end-s.off)
	if s.buf == nil {
		s.buf = make([]byte, min(window, s.end-s.off))
	}
	if int64(len(s.buf)) < n {
		s.buf = make([]byte, n)
	}
	if _, err := s.r.direct(s.buf[:n], s.off); err != nil {
		return err
	}
	s.rest, s.off = s.buf[:n], s.off+n
	return nil
}

// Read implements io.Reader.
func (s *stream) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if len(s.rest) == 0 {
		if err := s.fill(); err != nil {
			return 0, err
		}
	}
	n := copy(p, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

// WriteTo implements io.WriterTo.
func (s *stream) WriteTo(w io.Writer) (int64, error) {
	var total int64
	for {
		if len(s.rest) == 0 {
			if err := s.fill(); err == io.EOF {
				return total, nil
			} else if err != nil {
				return total, err
			}
		}
		n, err := w.Write(s.rest)
		total, s.rest = total+int64(n), s.rest[n:]
		if err != nil {
			return total, err
		}
	}
}

// Close implements io.Closer.
func (s *stream) Close() error { return s.r.Close() }
