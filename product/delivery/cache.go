package delivery

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"

	"golang.org/x/sync/singleflight"

	"showreel/engine/blob"
	"showreel/fault"
	"showreel/platform/cmaf"
)

// blockSize is the unit of caching. Blocks are aligned, so that any two requests for the same bytes share them.
const blockSize = 1 << 20

// blocks caches aligned blocks of immutable stored parts: in memory, then (where configured) on disk, then the store. Any
// number of viewers who want the same block at once cost one read of the store.
type blocks struct {
	store  *blob.Store
	disk   *diskCache // nil is none
	log    *slog.Logger
	flight singleflight.Group

	mu    sync.Mutex
	limit int64
	used  int64
	order *list.List // of *block, most recent first
	at    map[string]*list.Element
}

type block struct {
	key  string
	data []byte
}

func newBlocks(store *blob.Store, memory int64, disk *diskCache, log *slog.Logger) *blocks {
	return &blocks{store: store, disk: disk, log: log, limit: memory, order: list.New(), at: map[string]*list.Element{}}
}

// blockKey names a block by everything that identifies its content: a key that is written again with other bytes has
// another hash or size.
func blockKey(p cmaf.Part, n int64) string {
	return fmt.Sprintf("%s\x00%s\x00%d\x00%d", p.Key, p.SHA256, p.Size, n)
}

// get returns block n of a part. The bytes are shared and must not be changed.
func (b *blocks) get(ctx context.Context, p cmaf.Part, n int64) ([]byte, error) {
	key := blockKey(p, n)
	if data := b.recall(key); data != nil {
		return data, nil
	}
	// One viewer who leaves must not fail the others who wait for the same block.
	result := b.flight.DoChan(key, func() (any, error) { return b.fetch(context.WithoutCancel(ctx), key, p, n) })
	select {
	case <-ctx.Done():
		return nil, fault.E("delivery.read", p.Key, fault.Canceled, ctx.Err())
	case r := <-result:
		if r.Err != nil {
			return nil, r.Err
		}
		return r.Val.([]byte), nil // fetch returns nothing else
	}
}

func (b *blocks) recall(key string) []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	e, ok := b.at[key]
	if !ok {
		return nil
	}
	b.order.MoveToFront(e)
	return e.Value.(*block).data // the list holds nothing else
}

func (b *blocks) fetch(ctx context.Context, key string, p cmaf.Part, n int64) ([]byte, error) {
	if data := b.recall(key); data != nil {
		return data, nil
	}
	if b.disk != nil {
		if data := b.disk.get(key); data != nil {
			b.keep(key, data)
			return data, nil
		}
	}
	from := n * blockSize
	data := make([]byte, min(blockSize, p.Size-from))
	r, err := b.store.OpenRange(ctx, p.Key, from, int64(len(data)))
	if err != nil {
		return nil, err
	}
	defer r.Close()
	if _, err := io.ReadFull(r, data); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, fault.Say("delivery.read", p.Key, fault.Corrupt, "short-part", "A stored file is shorter than its index says; reprocess the asset.")
		}
		return nil, fault.E("delivery.read", p.Key, "", err)
	}
	b.keep(key, data)
	return data, nil
}

// keep puts a block into memory and moves the oldest ones to disk.
func (b *blocks) keep(key string, data []byte) {
	var out []*block
	b.mu.Lock()
	if _, ok := b.at[key]; !ok {
		b.at[key] = b.order.PushFront(&block{key, data})
		b.used += int64(len(data))
	}
	for b.used > b.limit && b.order.Len() > 0 {
		e := b.order.Back()
		old := b.order.Remove(e).(*block) // the list holds nothing else
		delete(b.at, old.key)
		b.used -= int64(len(old.data))
		out = append(out, old)
	}
	b.mu.Unlock()
	if b.disk == nil {
		return
	}
	for _, old := range out {
		if err := b.disk.put(old.key, old.data); err != nil {
			b.log.Warn("the disk cache takes no more", "error", err)
			return
		}
	}
}

// part is random access to a stored part through the cache, for one request.
func (b *blocks) part(ctx context.Context, p cmaf.Part) io.ReaderAt { return partReader{b, ctx, p} }

type partReader struct {
	b    *blocks
	ctx  context.Context
	part cmaf.Part
}

// ReadAt implements io.ReaderAt.
func (r partReader) ReadAt(dst []byte, off int64) (int, error) {
	if off < 0 {
		return 0, fault.Say("delivery.read", r.part.Key, fault.Invalid, "range", "A negative offset cannot be read.")
	}
	done := 0
	for done < len(dst) {
		at := off + int64(done)
		if at >= r.part.Size {
			return done, io.EOF
		}
		data, err := r.b.get(r.ctx, r.part, at/blockSize)
		if err != nil {
			return done, err
		}
		done += copy(dst[done:], data[at%blockSize:])
	}
	return done, nil
}
