// Package blob is the port to byte storage: originals, renditions, generated films. Callers use the concrete Store; drivers
// (fileblob, s3blob, and trust/seal as a decorator) implement Driver and pass blobtest. It is not for small changing
// records (see engine/kv) and keeps no index of what blobs mean (see product/library).
//
// The split into one portable type and a small driver follows go-cloud's blob package.
package blob

import (
	"context"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"showreel/fault"
)

// MaxKey is the longest key in bytes.
const MaxKey = 512

// maxList is the most entries one List returns.
const maxList = 1000

// Store is a named place for blobs with the checks every driver shares: valid keys, size and checksum verified while
// bytes stream through, no half-written blob ever visible.
type Store struct {
	d    Driver
	name string
}

// Stores are the product's three places, each with its own bucket or prefix, key, lifecycle and retention.
type Stores struct {
	Raw       *Store // originals, immutable, content-addressed within the tenant
	Processed *Store // renditions, indexes, analysis working files, the chunk cache
	Generated *Store // films and pictures the studio makes
}

// Info is what a store knows about a blob.
type Info struct {
	Key    string
	Size   int64  // plain bytes
	SHA256 string // lower-case hex of the plain bytes; "" when the store does not know it
	ModMS  int64  // last change, ms UTC
	ETag   string // changes whenever the bytes do; opaque
}

// PutOptions say what is known before the bytes arrive. The zero value of Size means an empty blob: pass -1 when unknown.
type PutOptions struct {
	Size     int64  // plain bytes, or -1 when unknown; anything else is checked
	SHA256   string // lower-case hex; checked when not ""
	IfAbsent bool   // fault.Conflict with code "exists" when the key is taken
}

// New makes a store over a driver. The name ("raw", "processed", "generated") appears in errors.
func New(d Driver, name string) *Store { return &Store{d: d, name: name} }

// Name returns the store's name.
func (s *Store) Name() string { return s.name }

// Driver returns the driver, for suites and for rewrapping.
func (s *Store) Driver() Driver { return s.d }

func (s *Store) op(verb string) string { return "blob." + s.name + "." + verb }

// Put stores all bytes of r under key and returns the facts with the SHA-256 of what was written. fault.Corrupt with code
// "wrong-checksum" or "wrong-size" when the bytes differ from the options, fault.Conflict "exists", fault.Full; in each
// case nothing of the new bytes is visible.
func (s *Store) Put(ctx context.Context, key string, r io.Reader, o PutOptions) (Info, error) {
	op := s.op("put")
	if err := checkKey(op, key); err != nil {
		return Info{}, err
	}
	if o.SHA256 != "" && !validSHA256(o.SHA256) {
		return Info{}, fault.Say(op, key, fault.Invalid, "bad-checksum", "A SHA-256 is 64 lower-case hexadecimal digits.")
	}
	h := newVerifier(op, key, r, o)
	info, err := s.d.Put(ctx, key, h, o)
	if err != nil {
		return Info{}, wrap(op, key, err)
	}
	info.Key, info.SHA256 = key, h.sum()
	return info, nil
}

// Stat returns the blob's facts. fault.NotFound.
func (s *Store) Stat(ctx context.Context, key string) (Info, error) {
	op := s.op("stat")
	if err := checkKey(op, key); err != nil {
		return Info{}, err
	}
	info, err := s.d.Stat(ctx, key)
	return info, wrap(op, key, err)
}

// Open reads the whole blob. The caller closes the reader. fault.NotFound.
func (s *Store) Open(ctx context.Context, key string) (io.ReadCloser, Info, error) {
	op := s.op("open")
	if err := checkKey(op, key); err != nil {
		return nil, Info{}, err
	}
	r, info, err := s.d.OpenRange(ctx, key, 0, -1)
	return r, info, wrap(op, key, err)
}

// OpenRange reads n bytes from byte off; n < 0 means to the end. The range is clipped to the blob: an offset at or beyond
// its end reads nothing. The caller closes the reader. fault.NotFound, fault.Invalid for a negative offset.
func (s *Store) OpenRange(ctx context.Context, key string, off, n int64) (io.ReadCloser, error) {
	op := s.op("range")
	if err := checkKey(op, key); err != nil {
		return nil, err
	}
	if off < 0 {
		return nil, fault.Say(op, key, fault.Invalid, "bad-range", "A range cannot start before the first byte.")
	}
	r, _, err := s.d.OpenRange(ctx, key, off, n)
	return r, wrap(op, key, err)
}

// ReaderAt opens the blob for random access until Close; the context governs every read. fault.NotFound.
func (s *Store) ReaderAt(ctx context.Context, key string) (ReaderAtCloser, error) {
	op := s.op("open")
	if err := checkKey(op, key); err != nil {
		return nil, err
	}
	r, err := s.d.ReaderAt(ctx, key)
	return r, wrap(op, key, err)
}

// Delete removes the blob; one that is not there is not an error.
func (s *Store) Delete(ctx context.Context, key string) error {
	op := s.op("delete")
	if err := checkKey(op, key); err != nil {
		return err
	}
	return wrap(op, key, s.d.Delete(ctx, key))
}

// List returns blobs whose key starts with prefix and comes bytewise after the key after, in bytewise order, at most
// limit of them (1000 when limit is 0 or more). An empty prefix lists everything.
func (s *Store) List(ctx context.Context, prefix, after string, limit int) ([]Info, error) {
	op := s.op("list")
	if prefix != "" {
		if err := checkKey(op, strings.TrimSuffix(prefix, "/")); err != nil {
			return nil, err
		}
	}
	if limit <= 0 || limit > maxList {
		limit = maxList
	}
	infos, err := s.d.List(ctx, prefix, after, limit)
	return infos, wrap(op, prefix, err)
}

// Local returns the path of the file that holds the plain bytes, for programs that need a file. ok is false for sealed
// and remote stores; use Fetch then. The file must not be changed.
func (s *Store) Local(ctx context.Context, key string) (path string, ok bool) {
	d, can := s.d.(LocalDriver)
	if !can || checkKey(s.op("local"), key) != nil {
		return "", false
	}
	return d.Local(ctx, key)
}

// CanPresign reports whether the store gives out URLs that bypass this server.
func (s *Store) CanPresign() bool {
	_, ok := s.d.(PresignDriver)
	return ok
}

// PresignGet returns a URL that reads the blob for ttl. fault.Unsupported where the driver cannot.
func (s *Store) PresignGet(ctx context.Context, key string, ttl time.Duration) (string, error) {
	return s.presign(ctx, key, ttl, PresignDriver.PresignGet)
}

// PresignPut returns a URL that stores one blob for ttl. fault.Unsupported where the driver cannot.
func (s *Store) PresignPut(ctx context.Context, key string, ttl time.Duration) (string, error) {
	return s.presign(ctx, key, ttl, PresignDriver.PresignPut)
}

func (s *Store) presign(ctx context.Context, key string, ttl time.Duration,
	sign func(PresignDriver, context.Context, string, time.Duration) (string, error)) (string, error) {
	op := s.op("presign")
	if err := checkKey(op, key); err != nil {
		return "", err
	}
	d, ok := s.d.(PresignDriver)
	if !ok {
		return "", fault.Say(op, key, fault.Unsupported, "no-presign",
			"This store does not give out direct URLs; read through the server, or use S3 with seal off.")
	}
	url, err := sign(d, ctx, key, ttl)
	return url, wrap(op, key, err)
}

// Multipart returns the driver's ability to assemble a blob from parts; ok is false for sealed and local stores.
func (s *Store) Multipart() (d MultipartDriver, ok bool) {
	d, ok = s.d.(MultipartDriver)
	return d, ok
}

// CheckKey returns fault.Invalid with code "bad-key" unless key is a relative slash-separated path of at most MaxKey
// bytes of valid UTF-8 without empty, "." or ".." elements, control characters or backslashes, and without an element
// that begins with ".tmp-", which drivers keep for themselves.
func CheckKey(key string) error { return checkKey("blob.key", key) }

func checkKey(op, key string) error {
	if key == "" || len(key) > MaxKey || !utf8.ValidString(key) {
		return badKey(op, key)
	}
	for _, r := range key {
		if r < 0x20 || r == 0x7f || r == '\\' {
			return badKey(op, key)
		}
	}
	for element := range strings.SplitSeq(key, "/") {
		if element == "" || element == "." || element == ".." || len(element) > 255 || strings.HasPrefix(element, ".tmp-") {
			return badKey(op, key)
		}
	}
	return nil
}

func badKey(op, key string) error {
	if len(key) > 80 {
		key = strings.ToValidUTF8(key[:80], "") + "…"
	}
	return fault.Say(op, strings.ToValidUTF8(key, "?"), fault.Invalid, "bad-key",
		"This is not a valid storage key: use a relative path of at most %d bytes.", MaxKey)
}

// wrap puts operation and key in front of a driver's error and keeps its kind.
func wrap(op, key string, err error) error {
	if err == nil {
		return nil
	}
	return fault.E(op, key, "", err)
}
