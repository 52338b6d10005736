package blob

import (
	"context"
	"io"
	"time"
)

// A Driver keeps bytes under keys. Store has validated every key and option before a driver sees it. Drivers are safe for
// concurrent use and report fault.NotFound, Conflict (IfAbsent), Full, Unavailable, Canceled; blobtest holds them to it.
type Driver interface {
	// Put stores all of r under key, or nothing: when r fails, when the context ends or the disk is full, the key keeps
	// its former content and no part of the new one is visible. An error of r is returned wrapped, with its kind.
	Put(ctx context.Context, key string, r io.Reader, o PutOptions) (Info, error)

	// Stat returns the blob's facts. fault.NotFound when there is none.
	Stat(ctx context.Context, key string) (Info, error)

	// OpenRange reads n bytes from off; n < 0 means to the end. The range is clipped to the blob; an offset at or after
	// the end gives an empty reader. Info is that of the whole blob.
	OpenRange(ctx context.Context, key string, off, n int64) (io.ReadCloser, Info, error)

	// ReaderAt opens the blob for random access. The context governs all reads until Close.
	ReaderAt(ctx context.Context, key string) (ReaderAtCloser, error)

	// Delete removes the blob. Deleting what is not there is not an error.
	Delete(ctx context.Context, key string) error

	// List returns up to limit blobs whose key starts with prefix and is bytewise greater than after, in bytewise order.
	List(ctx context.Context, prefix, after string, limit int) ([]Info, error)
}

// ReaderAtCloser is random access to one blob. Size is in bytes. ReadAt may be called concurrently.
type ReaderAtCloser interface {
	io.ReaderAt
	io.Closer
	Size() int64
}

// LocalDriver is the ability to name the file that holds a blob's plain bytes. Sealed and remote drivers lack it.
type LocalDriver interface {
	Local(ctx context.Context, key string) (path string, ok bool)
}

// PresignDriver is the ability to give out time-limited URLs that bypass this server. Sealed drivers lack it.
type PresignDriver interface {
	PresignGet(ctx context.Context, key string, ttl time.Duration) (url string, err error)
	PresignPut(ctx context.Context, key string, ttl time.Duration) (url string, err error)
}

// HeadDriver is the ability to replace the first bytes of a blob in place, atomically for a head of at most 4 KiB, if
// they still equal old; fault.Stale otherwise. seal uses it to re-wrap a header without moving the payload.
type HeadDriver interface {
	ReplaceHead(ctx context.Context, key string, old, head []byte) error
}

// MultipartDriver is the ability to assemble one blob from parts that are sent independently and in any order. Each
// part except the last holds at least MinPart bytes. Sealed drivers lack it.
type MultipartDriver interface {
	MinPart() int64
	BeginParts(ctx context.Context, key string) (uploadID string, err error)
	PutPart(ctx context.Context, key, uploadID string, number int, r io.Reader, size int64) (PartInfo, error)
	FinishParts(ctx context.Context, key, uploadID string, parts []PartInfo) (Info, error)
	AbortParts(ctx context.Context, key, uploadID string) error
}

// PartInfo names a stored part. Number counts from 1.
type PartInfo struct {
	Number int
	ETag   string
	Size   int64
}
