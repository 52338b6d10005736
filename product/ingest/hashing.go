package ingest

import (
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/subtle"
	"encoding"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"hash"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/tus/tusd/v2/pkg/filestore"
	"github.com/tus/tusd/v2/pkg/handler"

	"showreel/engine/blob"
	"showreel/fault"
)

// hashStore is tusd's file store with the SHA-256 of the whole file computed while it is received. The hash's state is
// kept beside the file after every request, so that a continued upload is never read again; where state and file differ
// (a crash in between) the file is read once.
type hashStore struct{ files filestore.FileStore }

// hashUpload is one upload of it.
type hashUpload struct {
	handler.Upload
	path string
}

func newHashStore(dir string) hashStore {
	files := filestore.New(dir)
	files.DirModePerm, files.FileModePerm = 0o700, 0o600
	return hashStore{files: files}
}

func (h hashStore) useIn(c *handler.StoreComposer) {
	c.UseCore(h)
	c.UseTerminater(h)
	c.UseLengthDeferrer(h)
}

// NewUpload makes an empty upload.
func (h hashStore) NewUpload(ctx context.Context, info handler.FileInfo) (handler.Upload, error) {
	u, err := h.files.NewUpload(ctx, info)
	return h.wrap(ctx, u, fileRefusal(err))
}

// GetUpload finds an upload; handler.ErrNotFound.
func (h hashStore) GetUpload(ctx context.Context, id string) (handler.Upload, error) {
	u, err := h.files.GetUpload(ctx, id)
	return h.wrap(ctx, u, fileRefusal(err))
}

func (h hashStore) wrap(ctx context.Context, u handler.Upload, err error) (handler.Upload, error) {
	if err != nil {
		return nil, err
	}
	info, err := u.GetInfo(ctx)
	if err != nil {
		return nil, err
	}
	return &hashUpload{Upload: u, path: info.Storage[filestore.StorageKeyPath]}, nil
}

// AsTerminatableUpload lets the upload be removed.
func (h hashStore) AsTerminatableUpload(u handler.Upload) handler.TerminatableUpload {
	return u.(*hashUpload)
}

// AsLengthDeclarableUpload lets the length follow later.
func (h hashStore) AsLengthDeclarableUpload(u handler.Upload) handler.LengthDeclarableUpload {
	return h.files.AsLengthDeclarableUpload(u.(*hashUpload).Upload)
}

// Terminate removes file, facts and hash state.
func (u *hashUpload) Terminate(ctx context.Context) error {
	inner, ok := u.Upload.(handler.TerminatableUpload)
	if !ok {
		return errors.New("the file store cannot remove uploads")
	}
	return errors.Join(inner.Terminate(ctx), ignoreMissing(os.Remove(sumPath(u.path))))
}

// WriteChunk appends src, hashing as it goes, and checks the request's own checksum where it has one (tus checksum
// extension): a chunk that fails it leaves nothing.
func (u *hashUpload) WriteChunk(ctx context.Context, offset int64, src io.Reader) (int64, error) {
	n, err := u.append(ctx, offset, src)
	return n, fileRefusal(err)
}

func (u *hashUpload) append(ctx context.Context, offset int64, src io.Reader) (int64, error) {
	sum, err := resumeHash(u.path, offset)
	if err != nil {
		return 0, err
	}
	chunk, want, err := chunkHash(ctx)
	if err != nil {
		return 0, err
	}
	into := io.Writer(sum)
	if chunk != nil {
		into = io.MultiWriter(sum, chunk)
	}
	counted := &hashedReader{r: src, hash: into, at: offset}
	n, err := u.Upload.WriteChunk(ctx, offset, counted)
	if err != nil || n != counted.n {
		_ = os.Remove(sumPath(u.path)) // the hash may be ahead of the file; it is computed again from the file
		return n, err
	}
	if chunk != nil && subtle.ConstantTimeCompare(chunk.Sum(nil), want) != 1 {
		_ = os.Remove(sumPath(u.path))
		if err := os.Truncate(u.path, offset); err != nil {
			return 0, err
		}
		return 0, handler.NewError("ERR_CHECKSUM_MISMATCH", "the bytes of this request do not match their checksum; send them again", 460)
	}
	return n, saveHash(u.path, sum, offset+n)
}

// hashBlock is how much is read, hashed and written at a time.
const hashBlock = 512 << 10

// hashedReader hashes and counts what passes. io.Copy finds its WriteTo, which hashes a block on another core while the
// block is written and the next one read.
type hashedReader struct {
	r    io.Reader
	hash io.Writer
	at   int64 // where in the file the first byte goes
	n    int64
}

// Read implements io.Reader.
func (h *hashedReader) Read(p []byte) (int, error) {
	n, err := h.r.Read(p)
	h.n += int64(n)
	if _, hashErr := h.hash.Write(p[:n]); hashErr != nil {
		return n, hashErr
	}
	return n, err
}

// WriteTo implements io.WriterTo. The hash has seen everything that was read when it returns.
func (h *hashedReader) WriteTo(w io.Writer) (written int64, err error) {
	blocks := [2][]byte{make([]byte, hashBlock), make([]byte, hashBlock)}
	hashed := make(chan struct{}, 1)
	hashed <- struct{}{}
	early := blob.WriteBack(w, h.at)
	for i := 0; ; i++ {
		n, readErr := fill(h.r, blocks[i%2])
		block := blocks[i%2][:n]
		h.n += int64(n)
		<-hashed // the other block
		go func() {
			_, _ = h.hash.Write(block) // a hash.Hash never fails
			hashed <- struct{}{}
		}()
		wrote, writeErr := w.Write(block)
		written += int64(wrote)
		early(int64(wrote))
		if writeErr != nil || readErr != nil {
			<-hashed
			switch {
			case writeErr != nil:
				return written, writeErr
			case readErr == io.EOF:
				return written, nil
			}
			return written, readErr
		}
	}
}

// fill reads until the block is full or r ends or fails.
func fill(r io.Reader, block []byte) (n int, err error) {
	for n < len(block) && err == nil {
		var k int
		k, err = r.Read(block[n:])
		n += k
	}
	return n, err
}

type checksumKey struct{}

// withChecksum lets WriteChunk see the request's Upload-Checksum.
func withChecksum(r *http.Request) *http.Request {
	v := r.Header.Get("Upload-Checksum")
	if v == "" {
		return r
	}
	return r.WithContext(context.WithValue(r.Context(), checksumKey{}, v))
}

func chunkHash(ctx context.Context) (hash.Hash, []byte, error) {
	v, ok := ctx.Value(checksumKey{}).(string)
	if !ok {
		return nil, nil, nil
	}
	name, sum, _ := strings.Cut(strings.TrimSpace(v), " ")
	want, err := base64.StdEncoding.DecodeString(strings.TrimSpace(sum))
	bad := handler.NewError("ERR_CHECKSUM_ALGORITHM", "Upload-Checksum must be sha1 or sha256 and a base64 digest", http.StatusBadRequest)
	if err != nil {
		return nil, nil, bad
	}
	switch name {
	case "sha1":
		return sha1.New(), want, nil
	case "sha256":
		return sha256.New(), want, nil
	}
	return nil, nil, bad
}

// sumState is a hash in the middle of its work.
type sumState struct {
	Offset int64  `json:"offset"`
	State  []byte `json:"state"`
}

func sumPath(path string) string { return path + ".sum" }

// resumeHash returns the hash of the first offset bytes of the file.
func resumeHash(path string, offset int64) (hash.Hash, error) {
	h := sha256.New()
	if offset == 0 {
		return h, nil
	}
	var st sumState
	data, err := os.ReadFile(sumPath(path))
	if err == nil && json.Unmarshal(data, &st) == nil && st.Offset == offset {
		if u, ok := h.(encoding.BinaryUnmarshaler); ok && u.UnmarshalBinary(st.State) == nil {
			return h, nil
		}
		h.Reset()
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if n, err := io.Copy(h, io.LimitReader(f, offset)); err != nil || n != offset {
		return nil, errors.Join(err, io.ErrUnexpectedEOF)
	}
	return h, nil
}

func saveHash(path string, h hash.Hash, offset int64) error {
	m, ok := h.(encoding.BinaryMarshaler)
	if !ok {
		return nil // it is computed again from the file
	}
	state, err := m.MarshalBinary()
	if err != nil {
		return err
	}
	data, err := json.Marshal(sumState{Offset: offset, State: state})
	if err != nil {
		return err
	}
	return os.WriteFile(sumPath(path), data, 0o600)
}

// finalHash syncs a received file and returns the hex SHA-256 of its bytes.
func finalHash(path string, bytes int64) (string, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return "", blob.FileFault("ingest.receive", "", err)
	}
	defer f.Close()
	if err := f.Sync(); err != nil {
		return "", blob.FileFault("ingest.receive", "", err)
	}
	h, err := resumeHash(path, bytes)
	if err != nil {
		return "", blob.FileFault("ingest.receive", "", err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// receive copies r into a file of ours, hashing as it goes. fault.TooLarge above most.
func receive(r io.Reader, path string, most int64) (bytes int64, sha string, err error) {
	const op = "ingest.receive"
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return 0, "", blob.FileFault(op, "", err)
	}
	defer f.Close()
	h := sha256.New()
	n, err := io.CopyBuffer(io.MultiWriter(f, h), io.LimitReader(r, most+1), make([]byte, 1<<20))
	switch {
	case err != nil:
		return n, "", blob.FileFault(op, "", err)
	case n > most:
		return n, "", fault.Say(op, "", fault.TooLarge, "too-large", "The file is larger than %s, the limit here.", size(most))
	}
	if err := f.Sync(); err != nil {
		return n, "", blob.FileFault(op, "", err)
	}
	return n, hex.EncodeToString(h.Sum(nil)), blob.FileFault(op, "", f.Close())
}

func ignoreMissing(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}
