package httpd

import (
	"errors"
	"io"
	"net/http"
	"os"
	"time"
)

// A peer that takes or gives nothing for this long is cut off; progress renews it, so slow is fine and stuck is not.
const stall = 60 * time.Second

// writer counts what is answered and renews the write deadline while the peer takes bytes.
type writer struct {
	http.ResponseWriter
	control  *http.ResponseController
	status   int
	bytes    int64
	deadline time.Time // when it was last renewed
}

// newWriter also clears the deadline that an earlier request on the connection left.
func newWriter(w http.ResponseWriter) *writer {
	out := &writer{ResponseWriter: w, control: http.NewResponseController(w)}
	_ = out.control.SetWriteDeadline(time.Time{}) // a recorder has no connection
	return out
}

// Unwrap lets http.ResponseController reach the connection.
func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *writer) WriteHeader(status int) {
	w.renew()
	if w.status == 0 || w.status < 200 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *writer) Write(b []byte) (int, error) {
	w.begin()
	n, err := w.ResponseWriter.Write(b)
	w.bytes += int64(n)
	return n, err
}

// Flush sends what is buffered.
func (w *writer) Flush() {
	w.begin()
	_ = w.control.Flush() // not every test's writer can
}

const sendPiece = 1 << 20 // bytes per renewal of the deadline

// ReadFrom keeps the kernel's file-to-socket copy, in pieces so that a stuck peer is noticed.
func (w *writer) ReadFrom(src io.Reader) (total int64, err error) {
	to, ok := w.ResponseWriter.(io.ReaderFrom)
	if !ok {
		return io.Copy(onlyWriter{w}, src)
	}
	w.begin()
	limit := int64(-1)
	if lr, ok := src.(*io.LimitedReader); ok { // one layer only, or the kernel copy is lost
		src, limit = lr.R, lr.N
		defer func() { lr.N -= total }()
	}
	if _, isFile := src.(*os.File); !isFile && limit < 0 {
		return io.Copy(onlyWriter{w}, src)
	}
	for limit != 0 {
		piece := int64(sendPiece)
		if limit > 0 {
			piece = min(piece, limit)
		}
		w.renew()
		n, err := to.ReadFrom(&io.LimitedReader{R: src, N: piece})
		total += n
		w.bytes += n
		if limit > 0 {
			limit -= n
		}
		if err != nil || n < piece {
			return total, err
		}
	}
	return total, nil
}

func (w *writer) begin() {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	w.renew()
}

func (w *writer) renew() {
	if now := time.Now(); now.Sub(w.deadline) > time.Second {
		w.deadline = now
		_ = w.control.SetWriteDeadline(now.Add(stall)) // a recorder has no connection
	}
}

type onlyWriter struct{ io.Writer }

// guardBody renews the read deadline while the peer sends its body.
func guardBody(w *writer, r *http.Request) {
	if r.Body != nil && r.Body != http.NoBody {
		r.Body = &guardedBody{ReadCloser: r.Body, control: w.control, info: infoOf(r.Context())}
	}
}

// guardedBody clears the deadline once the body has ended: the server goes on reading to notice a closed connection, and
// a deadline passing there would cancel a handler that is still at work.
type guardedBody struct {
	io.ReadCloser
	control  *http.ResponseController
	info     *requestInfo
	deadline time.Time
}

func (b *guardedBody) Read(p []byte) (int, error) {
	if now := time.Now(); now.Sub(b.deadline) > time.Second {
		b.deadline = now
		_ = b.control.SetReadDeadline(now.Add(stall)) // a recorder has no connection
	}
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		b.info.cutBody = b.info.cutBody || err != io.EOF && !errors.Is(err, os.ErrDeadlineExceeded)
		_ = b.control.SetReadDeadline(time.Time{})
	}
	return n, err
}
