package ingest

import (
	"context"
	"io"
	"os"
	"path/filepath"

	"showreel/engine/blob"
	"showreel/fault"
	"showreel/platform/sqldb"
	"showreel/product/library"
	"showreel/trust/access"
)

// Incoming says what is known about a file that comes from this machine or a stream.
type Incoming struct {
	Name     string           // "" is the file's own
	Folder   string           // of a folder, "a/b"; becomes the field "folder"
	Template string           // "" is the default
	Lane     string           // "" is the template's
	Priority int              // 0 is the template's
	Asset    string           // a new version of this asset; "" makes a new one
	SHA256   string           // checked when not ""
	About    library.NewAsset // title, description, tags, fields, rights, collections
}

// AddFile takes in a copy of a local file; the file itself is only read. Errors: fault.NotFound, fault.Invalid
// "empty-file", fault.Full "disk-full", fault.TooLarge, fault.Limited "quota", fault.Corrupt "wrong-checksum".
func (s *Service) AddFile(ctx context.Context, path string, in Incoming) (Received, error) {
	const op = "ingest.add"
	f, err := os.Open(path)
	if err != nil {
		return Received{}, blob.FileFault(op, path, err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return Received{}, blob.FileFault(op, path, err)
	}
	if !st.Mode().IsRegular() {
		return Received{}, fault.Say(op, path, fault.Invalid, "not-a-file", "%s is not a file; give the files inside it.", path)
	}
	if in.Name == "" {
		in.Name = filepath.Base(path)
	}
	return s.Add(ctx, f, st.Size(), in)
}

// Add takes in a stream of the given size, -1 where it is not known. Errors are AddFile's.
func (s *Service) Add(ctx context.Context, r io.Reader, bytes int64, in Incoming) (Received, error) {
	const op = "ingest.add"
	who, err := s.may(ctx, "upload:create", access.Resource{Kind: "upload"})
	if err != nil {
		return Received{}, err
	}
	if err := s.space.admit(op, in.Name, max(bytes, 0)); err != nil {
		return Received{}, err
	}
	if err := s.quota(ctx, who.Tenant, max(bytes, 0)); err != nil {
		return Received{}, err
	}
	path := filepath.Join(s.arrivalDir(), sqldb.NewID())
	defer func() { _ = os.Remove(path) }() // gone already when it was taken over
	n, sha, err := receive(r, path, s.deps.Limits.UploadBytes)
	if err != nil {
		return Received{}, err
	}
	if in.SHA256 != "" && in.SHA256 != sha {
		return Received{}, fault.Say(op, in.Name, fault.Corrupt, "wrong-checksum", "The file has another SHA-256 than the one given; check the copy.")
	}
	a := in.About
	return s.register(ctx, Arrival{Path: path, Bytes: n, SHA256: sha, Name: in.Name, Folder: ShownFolder(in.Folder + "/x"), Template: in.Template, Lane: in.Lane,
		Priority: in.Priority, Asset: in.Asset, Title: a.Title, Description: a.Description, Tags: a.Tags, Fields: a.Fields, Rights: a.Rights, Collections: a.Collections})
}
