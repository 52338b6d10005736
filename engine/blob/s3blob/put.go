package s3blob

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/minio/minio-go/v7"
	"golang.org/x/sync/errgroup"

	"showreel/engine/blob"
	"showreel/fault"
)

// Put implements blob.Driver. What fits one part is one request; more is a multipart upload, completed only after r has
// ended well.
func (d *Driver) Put(ctx context.Context, key string, r io.Reader, o blob.PutOptions) (blob.Info, error) {
	if o.IfAbsent {
		// Saves sending the bytes; the condition on the last request decides.
		if _, err := d.Stat(ctx, key); err == nil {
			return blob.Info{}, fault.Say("s3blob.put", key, fault.Conflict, "exists", "It is stored already.")
		} else if !fault.Is(err, fault.NotFound) {
			return blob.Info{}, err
		}
	}
	buf := d.buffers.Get().(*[]byte)
	n, err := io.ReadFull(r, *buf)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		defer d.buffers.Put(buf)
		up, err := d.putOne(ctx, key, (*buf)[:n], options(o))
		return blob.Info{Key: key, Size: int64(n), ModMS: time.Now().UnixMilli(), ETag: up.ETag}, d.fault(ctx, "s3blob.put", key, err)
	}
	if err != nil {
		d.buffers.Put(buf)
		return blob.Info{}, d.fault(ctx, "s3blob.put", key, err)
	}
	return d.putParts(ctx, key, buf, r, o)
}

func options(o blob.PutOptions) minio.PutObjectOptions {
	out := minio.PutObjectOptions{ContentType: "application/octet-stream"}
	if o.SHA256 != "" {
		out.UserMetadata = map[string]string{sha256Meta: o.SHA256}
	}
	if o.IfAbsent {
		out.SetMatchETagExcept("*")
	}
	return out
}

func (d *Driver) putOne(ctx context.Context, key string, data []byte, o minio.PutObjectOptions) (minio.UploadInfo, error) {
	sum := hexSHA256(data)
	return again(ctx, func() (minio.UploadInfo, error) {
		return d.core.PutObject(ctx, d.bucket, d.prefix+key, bytes.NewReader(data), int64(len(data)), "", sum, o)
	})
}

// isFolder is the code by which servers over a file system, versitygw among them, refuse a key that is a folder. They also
// give it for a moment to one whose folder another client's delete just emptied, so a few tries tell the two apart.
const isFolder = "ExistingObjectIsDirectory"

// again repeats fn while the server answers isFolder, about 0.3 s in all.
func again(ctx context.Context, fn func() (minio.UploadInfo, error)) (up minio.UploadInfo, err error) {
	for attempt := range 6 {
		up, err = fn()
		if err == nil || minio.ToErrorResponse(err).Code != isFolder {
			break
		}
		select {
		case <-ctx.Done():
			return up, err
		case <-time.After(5 * time.Millisecond << attempt):
		}
	}
	return up, err
}

func hexSHA256(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// putParts sends first and the rest of r as parts, some at once, and takes them back when anything fails.
func (d *Driver) putParts(ctx context.Context, key string, first *[]byte, r io.Reader, o blob.PutOptions) (blob.Info, error) {
	opts := options(o)
	id, err := d.core.NewMultipartUpload(ctx, d.bucket, d.prefix+key, minio.PutObjectOptions{ContentType: opts.ContentType, UserMetadata: opts.UserMetadata})
	if err != nil {
		return blob.Info{}, d.fault(ctx, "s3blob.put", key, err)
	}
	parts, size, err := d.sendParts(ctx, key, id, first, r, o.Size)
	if err == nil {
		opts.UserMetadata = nil // given when the upload began
		_, err = again(ctx, func() (minio.UploadInfo, error) {
			return d.core.CompleteMultipartUpload(ctx, d.bucket, d.prefix+key, id, parts, opts)
		})
	}
	if err != nil {
		// Best effort: where this fails too, the bucket's lifecycle rule removes the parts.
		_ = d.core.AbortMultipartUpload(context.WithoutCancel(ctx), d.bucket, d.prefix+key, id)
		return blob.Info{}, d.fault(ctx, "s3blob.put", key, err)
	}
	st, err := d.Stat(ctx, key)
	st.Size = size
	return st, err
}

// partSizeAt lets parts grow, so that a blob of unknown size fits the number of parts allowed.
func partSizeAt(number int, size int64) int64 {
	if size > 0 {
		return max(partSize, (size+maxParts-1)/maxParts)
	}
	return partSize << min(number/1000, 8)
}

func (d *Driver) sendParts(ctx context.Context, key, id string, first *[]byte, r io.Reader, size int64) ([]minio.CompletePart, int64, error) {
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(inFlight)
	var mu sync.Mutex
	var parts []minio.CompletePart
	var total int64
	send := func(number int, buf *[]byte, n int) {
		mu.Lock()
		parts = append(parts, minio.CompletePart{PartNumber: number})
		mu.Unlock()
		total += int64(n)
		group.Go(func() error {
			data := (*buf)[:n]
			defer d.recycle(buf)
			p, err := d.core.PutObjectPart(gctx, d.bucket, d.prefix+key, id, number, bytes.NewReader(data), int64(n),
				minio.PutObjectPartOptions{Sha256Hex: hexSHA256(data)})
			mu.Lock()
			defer mu.Unlock()
			parts[number-1].ETag = p.ETag
			return err
		})
	}
	send(1, first, len(*first))
	var readErr error
	for number := 2; readErr == nil && gctx.Err() == nil; number++ {
		buf := d.buffer(partSizeAt(number, size))
		var n int
		n, readErr = io.ReadFull(r, *buf)
		if n > 0 && (readErr == nil || readErr == io.ErrUnexpectedEOF) {
			send(number, buf, n)
		} else {
			d.recycle(buf)
		}
	}
	if readErr == io.EOF || readErr == io.ErrUnexpectedEOF {
		readErr = nil
	}
	sendErr := group.Wait()
	if readErr != nil {
		return nil, 0, readErr
	}
	return parts, total, sendErr
}

func (d *Driver) buffer(n int64) *[]byte {
	if n == partSize {
		return d.buffers.Get().(*[]byte)
	}
	b := make([]byte, n)
	return &b
}

func (d *Driver) recycle(buf *[]byte) {
	if len(*buf) == partSize {
		d.buffers.Put(buf)
	}
}

// MinPart implements blob.MultipartDriver.
func (d *Driver) MinPart() int64 { return 5 << 20 }

// BeginParts implements blob.MultipartDriver.
func (d *Driver) BeginParts(ctx context.Context, key string) (string, error) {
	id, err := d.core.NewMultipartUpload(ctx, d.bucket, d.prefix+key, options(blob.PutOptions{}))
	return id, d.fault(ctx, "s3blob.parts", key, err)
}

// PutPart implements blob.MultipartDriver. It is repeated after a failure only when r can seek.
func (d *Driver) PutPart(ctx context.Context, key, uploadID string, number int, r io.Reader, size int64) (blob.PartInfo, error) {
	p, err := d.core.PutObjectPart(ctx, d.bucket, d.prefix+key, uploadID, number, r, size, minio.PutObjectPartOptions{})
	if err != nil {
		return blob.PartInfo{}, d.fault(ctx, "s3blob.parts", key, err)
	}
	return blob.PartInfo{Number: number, ETag: p.ETag, Size: size}, nil
}

// FinishParts implements blob.MultipartDriver.
func (d *Driver) FinishParts(ctx context.Context, key, uploadID string, parts []blob.PartInfo) (blob.Info, error) {
	complete := make([]minio.CompletePart, len(parts))
	for i, p := range parts {
		complete[i] = minio.CompletePart{PartNumber: p.Number, ETag: p.ETag}
	}
	if _, err := d.core.CompleteMultipartUpload(ctx, d.bucket, d.prefix+key, uploadID, complete, minio.PutObjectOptions{}); err != nil {
		return blob.Info{}, d.fault(ctx, "s3blob.parts", key, err)
	}
	return d.Stat(ctx, key)
}

// AbortParts implements blob.MultipartDriver.
func (d *Driver) AbortParts(ctx context.Context, key, uploadID string) error {
	err := d.core.AbortMultipartUpload(ctx, d.bucket, d.prefix+key, uploadID)
	var answer minio.ErrorResponse
	if errors.As(err, &answer) && answer.Code == "NoSuchUpload" {
		return nil
	}
	return d.fault(ctx, "s3blob.parts", key, err)
}
