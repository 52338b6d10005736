package s3blob

import (
	"context"
	"io"
	"strconv"
	"strings"
	"sync"

	"github.com/minio/minio-go/v7"

	"showreel/engine/blob"
	"showreel/fault"
)

// OpenRange implements blob.Driver.
func (d *Driver) OpenRange(ctx context.Context, key string, off, n int64) (io.ReadCloser, blob.Info, error) {
	var opts minio.GetObjectOptions
	if off > 0 || n > 0 {
		opts.Set("Range", rangeHeader(off, n))
	}
	empty := func() (io.ReadCloser, blob.Info, error) {
		st, err := d.Stat(ctx, key)
		if err != nil {
			return nil, blob.Info{}, err
		}
		return io.NopCloser(strings.NewReader("")), st, nil
	}
	if n == 0 {
		return empty()
	}
	body, o, header, err := d.core.GetObject(ctx, d.bucket, d.prefix+key, opts)
	if outOfRange(err) {
		return empty()
	}
	if err != nil {
		return nil, blob.Info{}, d.fault(ctx, "s3blob.open", key, err)
	}
	if _, total, ok := strings.Cut(header.Get("Content-Range"), "/"); ok {
		if o.Size, err = strconv.ParseInt(total, 10, 64); err != nil {
			_ = body.Close()
			return nil, blob.Info{}, fault.E("s3blob.open", key, fault.Unavailable, err)
		}
	}
	return &reader{ReadCloser: body, ctx: ctx, d: d, key: key}, info(key, o), nil
}

func rangeHeader(off, n int64) string {
	header := "bytes=" + strconv.FormatInt(off, 10) + "-"
	if n > 0 {
		header += strconv.FormatInt(off+n-1, 10)
	}
	return header
}

func outOfRange(err error) bool {
	answer := minio.ToErrorResponse(err)
	return err != nil && (answer.StatusCode == 416 || answer.Code == "InvalidRange")
}

// reader gives broken connections a kind.
type reader struct {
	io.ReadCloser
	ctx context.Context
	d   *Driver
	key string
}

func (r *reader) Read(p []byte) (int, error) {
	n, err := r.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		err = r.d.fault(r.ctx, "s3blob.read", r.key, err)
	}
	return n, err
}

const (
	blockSize = 1 << 20 // bytes a random access reads at least
	maxBlocks = 8       // kept for one open blob
)

// ReaderAt implements blob.Driver. Reads are served from blocks that are fetched once for all concurrent readers. All
// blocks are of one version of the blob: when it is replaced meanwhile, reading fails with fault.Stale.
func (d *Driver) ReaderAt(ctx context.Context, key string) (blob.ReaderAtCloser, error) {
	st, err := d.Stat(ctx, key)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	return &random{d: d, ctx: ctx, cancel: cancel, st: st, blocks: map[int64]*block{}}, nil
}

type random struct {
	d      *Driver
	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	st     blob.Info

	mu     sync.Mutex
	blocks map[int64]*block
	order  []int64 // least recently fetched first
}

type block struct {
	done chan struct{}
	data []byte
	err  error
}

// Size implements blob.ReaderAtCloser.
func (r *random) Size() int64 { return r.st.Size }

// Close implements blob.ReaderAtCloser.
func (r *random) Close() error {
	r.cancel()
	return nil
}

// ReadAt implements io.ReaderAt.
func (r *random) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, fault.Say("s3blob.read", r.st.Key, fault.Invalid, "bad-range", "A read cannot start before the first byte.")
	}
	n := 0
	for n < len(p) && off < r.st.Size {
		if rest := min(int64(len(p)-n), r.st.Size-off); rest >= 2*blockSize {
			m, err := r.fetch(p[n:n+int(rest)], off)
			return n + m, r.ended(n+m, len(p), err)
		}
		b := r.block(off / blockSize)
		if b.err != nil {
			return n, b.err
		}
		m := copy(p[n:], b.data[off%blockSize:])
		n, off = n+m, off+int64(m)
	}
	return n, r.ended(n, len(p), nil)
}

func (r *random) ended(n, want int, err error) error {
	if err == nil && n < want {
		return io.EOF
	}
	return err
}

// block returns the block of that number, fetching it unless it is there or another reader does.
func (r *random) block(number int64) *block {
	r.mu.Lock()
	b, ok := r.blocks[number]
	if !ok {
		b = &block{done: make(chan struct{})}
		r.blocks[number] = b
		if r.order = append(r.order, number); len(r.order) > maxBlocks {
			delete(r.blocks, r.order[0])
			r.order = r.order[1:]
		}
	}
	r.mu.Unlock()
	if ok {
		<-b.done
		return b
	}
	start := number * blockSize
	b.data = make([]byte, min(blockSize, r.st.Size-start))
	_, b.err = r.fetch(b.data, start)
	if b.err != nil {
		r.forget(number, b)
	}
	close(b.done)
	return b
}

// forget drops a block that failed, so that the next read tries again.
func (r *random) forget(number int64, b *block) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.blocks[number] == b {
		delete(r.blocks, number)
	}
}

// fetch fills p from off, which lies inside the blob.
func (r *random) fetch(p []byte, off int64) (int, error) {
	var opts minio.GetObjectOptions
	opts.Set("Range", rangeHeader(off, int64(len(p))))
	if err := opts.SetMatchETag(r.st.ETag); err != nil {
		return 0, fault.E("s3blob.read", r.st.Key, fault.Internal, err)
	}
	body, _, _, err := r.d.core.GetObject(r.ctx, r.d.bucket, r.d.prefix+r.st.Key, opts)
	if minio.ToErrorResponse(err).StatusCode == 412 {
		return 0, fault.Say("s3blob.read", r.st.Key, fault.Stale, "blob-replaced", "The stored file was replaced while it was being read; open it again.")
	}
	if err != nil {
		return 0, r.d.fault(r.ctx, "s3blob.read", r.st.Key, err)
	}
	defer body.Close()
	n, err := io.ReadFull(body, p)
	return n, r.d.fault(r.ctx, "s3blob.read", r.st.Key, err)
}
