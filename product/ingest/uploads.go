package ingest

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tus/tusd/v2/pkg/filestore"
	"github.com/tus/tusd/v2/pkg/handler"
	"github.com/tus/tusd/v2/pkg/memorylocker"
	"golang.org/x/exp/slog"

	"showreel/fault"
	"showreel/platform/httpd"
	"showreel/platform/sqldb"
	"showreel/product/library"
	"showreel/trust/access"
)

// uploadsPath is where the tus protocol (tus.io, 1.0) is spoken: creation, termination, deferred length, checksum.
const uploadsPath = "/v1/uploads/"

// The headers that tell a tus client what became of its file.
const (
	headerAsset     = "Showreel-Asset"
	headerJob       = "Showreel-Job"
	headerDuplicate = "Showreel-Duplicate"
)

// newUploads makes the tus door.
func (s *Service) newUploads() (http.Handler, error) {
	s.hashes = newHashStore(s.uploadDir())
	composer := handler.NewStoreComposer()
	s.hashes.useIn(composer)
	s.uploadLocks = memorylocker.New()
	composer.UseLocker(s.uploadLocks)
	tus, err := handler.NewHandler(handler.Config{
		StoreComposer: composer, BasePath: uploadsPath, MaxSize: s.deps.Limits.UploadBytes,
		DisableDownload: true, DisableConcatenation: true,
		Cors:                       &handler.CorsConfig{Disable: true},
		Logger:                     slog.New(slog.NewTextHandler(io.Discard, nil)),
		PreUploadCreateCallback:    s.uploadBegins,
		PreFinishResponseCallback:  s.uploadEnds,
		PreUploadTerminateCallback: s.uploadRemoved,
	})
	if err != nil {
		return nil, fault.E("ingest.uploads", "", fault.Internal, err)
	}
	inner := http.StripPrefix(uploadsPath, tus)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		u, err := s.mine(r)
		if err != nil {
			httpd.Problem(w, r, err)
			return
		}
		w.Header().Set("Tus-Checksum-Algorithm", "sha1,sha256")
		if s.answerWhole(w, r, u) {
			return
		}
		out := &problems{ResponseWriter: w, r: r}
		defer out.finish()
		inner.ServeHTTP(out, withChecksum(r))
	}), nil
}

// mine returns the upload a request is about, the zero one where it is about none, and refuses what is not the caller's tenant's upload: fault.NotFound, or fault.Gone for one that was removed or has
// ended.
func (s *Service) mine(r *http.Request) (upload, error) {
	id := strings.Trim(strings.TrimPrefix(r.URL.Path, uploadsPath), "/")
	if id == "" || r.Method == http.MethodOptions {
		return upload{}, nil
	}
	u, err := loadUpload(r.Context(), s.deps.DB.Read(), id)
	if err != nil {
		return u, err
	}
	if u.Tenant != access.WhoFrom(r.Context()).Tenant {
		return u, noUpload(id)
	}
	if u.State == uploadGone {
		return u, uploadGoneFault(id)
	}
	return u, nil
}

func uploadGoneFault(id string) error {
	return fault.Say("ingest.upload", id, fault.Gone, "upload-gone", "This upload was removed or has expired; start it again.")
}

func noUpload(id string) error {
	return fault.Say("ingest.upload", id, fault.NotFound, "no-upload", "There is no such upload.")
}

// uploadBegins decides whether a file may come in before a byte of it is sent.
func (s *Service) uploadBegins(e handler.HookEvent) (handler.HTTPResponse, handler.FileInfoChanges, error) {
	u, err := s.admitUpload(e.Context, e.Upload)
	if err != nil {
		return handler.HTTPResponse{}, handler.FileInfoChanges{}, refusal(err)
	}
	resp := handler.HTTPResponse{Header: handler.HTTPHeader{}}
	if sha := e.Upload.MetaData["sha256"]; sha != "" {
		if dup, ok, err := s.duplicate(e.Context, u.Tenant, Arrival{SHA256: sha}); err == nil && ok {
			resp.Header[headerDuplicate], resp.Header[headerAsset] = "true", dup.Asset
		}
	}
	return resp, handler.FileInfoChanges{ID: u.ID}, nil
}

func (s *Service) admitUpload(ctx context.Context, info handler.FileInfo) (upload, error) {
	const op = "ingest.upload"
	who, err := s.may(ctx, "upload:create", access.Resource{Kind: "upload"})
	if err != nil {
		return upload{}, err
	}
	name := info.MetaData["filename"]
	if info.Size == 0 && !info.SizeIsDeferred {
		return upload{}, fault.Say(op, name, fault.Invalid, "empty-file", "The file is empty. Upload it again from a complete copy.")
	}
	for _, key := range []string{"template", "collection", "asset"} {
		if v := info.MetaData[key]; !utf8.ValidString(v) || strings.Contains(v, "\x00") {
			return upload{}, fault.Say(op, name, fault.Invalid, "bad-text", "The upload's %s holds characters that no text has; correct it.", key)
		}
	}
	if sha := info.MetaData["sha256"]; sha != "" && (len(sha) != 64 || strings.Trim(sha, "0123456789abcdef") != "") {
		return upload{}, fault.Say(op, name, fault.Invalid, "bad-checksum", "The sha256 must be 64 lower-case hexadecimal digits.")
	}
	if _, err := s.template(ctx, who.Tenant, info.MetaData["template"], 0); err != nil {
		return upload{}, err
	}
	if err := s.space.admit(op, name, info.Size); err != nil {
		return upload{}, err
	}
	if err := s.quota(ctx, who.Tenant, info.Size); err != nil {
		return upload{}, err
	}
	now := sqldb.NowMS()
	u := upload{ID: sqldb.NewID(), Tenant: who.Tenant, Owner: who.ID, Name: library.CleanName(arrivalOf(info, "").Name), Bytes: info.Size, State: uploadOpen,
		CreatedMS: now, ExpiresMS: now + s.deps.Limits.UploadExpiry.Milliseconds()}
	return u, s.deps.DB.Write(ctx, func(tx *sqldb.Tx) error { return insertUpload(ctx, tx, u) })
}

// quota refuses what would go over the tenant's share. fault.Limited "quota" and "too-many-uploads".
func (s *Service) quota(ctx context.Context, tenant string, more int64) error {
	open, bytes, err := openUploads(ctx, s.deps.DB.Read(), tenant)
	if err != nil {
		return fault.E("ingest.quota", tenant, "", err)
	}
	if open >= s.deps.Limits.OpenUploads {
		return fault.Say("ingest.quota", tenant, fault.Limited, "too-many-uploads", "%d uploads are unfinished; finish or remove some first.", open)
	}
	if s.deps.Limits.TenantBytes == 0 {
		return nil
	}
	kept, err := s.deps.Library.Stats(asSystem(ctx, tenant))
	if err != nil {
		return err
	}
	if left := s.deps.Limits.TenantBytes - kept.Bytes - bytes; more > left {
		return fault.Say("ingest.quota", tenant, fault.Limited, "quota", "The file has %s and %s are left of your quota; purge something or ask an administrator for more.", size(more), size(max(left, 0)))
	}
	return nil
}

// arrivalOf reads what a tus client says about its file.
func arrivalOf(info handler.FileInfo, path string) Arrival {
	m := info.MetaData
	a := Arrival{Path: path, Bytes: info.Size, Name: m["filename"], Folder: ShownFolder(m["relativePath"]), Template: m["template"], Title: m["title"], Asset: m["asset"]}
	if a.Name == "" {
		a.Name = m["name"]
	}
	if c := m["collection"]; c != "" {
		a.Collections = []string{c}
	}
	a.Rights.Source, a.Rights.Licence, a.Rights.Credit = m["source"], m["licence"], m["credit"]
	return a
}

// uploadEnds takes a complete file over before the client is told that it arrived.
func (s *Service) uploadEnds(e handler.HookEvent) (handler.HTTPResponse, error) {
	ctx := context.WithoutCancel(e.Context)
	rec, err := s.finishUpload(ctx, e.Upload)
	if err != nil {
		return handler.HTTPResponse{}, refusal(err)
	}
	h := handler.HTTPHeader{headerAsset: rec.Asset, headerJob: rec.Job}
	if rec.Duplicate {
		h[headerDuplicate] = "true"
	}
	return handler.HTTPResponse{Header: h}, nil
}

// finishUpload checks and registers a complete upload and forgets its files. A file that fails its checksum, or that
// nothing will make better, is removed.
func (s *Service) finishUpload(ctx context.Context, info handler.FileInfo) (Received, error) {
	path := info.Storage[filestore.StorageKeyPath]
	sha, err := finalHash(path, info.Size)
	if err != nil {
		return Received{}, err
	}
	if want := info.MetaData["sha256"]; want != "" && want != sha {
		err := fault.Say("ingest.upload", info.ID, fault.Corrupt, "wrong-checksum", "The file that arrived has another SHA-256 than the one announced; upload it again.")
		return Received{}, errors.Join(err, s.dropUpload(ctx, info.ID))
	}
	a := arrivalOf(info, path)
	a.SHA256 = sha
	rec, err := s.register(ctx, a)
	if err != nil {
		return rec, err
	}
	err = s.deps.DB.Write(ctx, func(tx *sqldb.Tx) error {
		if err := setUploadBytes(ctx, tx, info.ID, info.Size); err != nil {
			return err
		}
		return endUpload(ctx, tx, info.ID, uploadDone, rec.Asset, rec.Job)
	})
	return rec, errors.Join(err, s.removeUploadFiles(info.ID))
}

func (s *Service) removeUploadFiles(id string) error {
	base := filepath.Join(s.uploadDir(), filepath.Base(id))
	return errors.Join(ignoreMissing(os.Remove(base)), ignoreMissing(os.Remove(base+".info")), ignoreMissing(os.Remove(sumPath(base))))
}

// dropUpload ends an upload for good.
func (s *Service) dropUpload(ctx context.Context, id string) error {
	err := s.deps.DB.Write(ctx, func(tx *sqldb.Tx) error { return endUpload(ctx, tx, id, uploadGone, "", "") })
	return errors.Join(err, s.removeUploadFiles(id))
}

func (s *Service) uploadRemoved(e handler.HookEvent) (handler.HTTPResponse, error) {
	ctx := context.WithoutCancel(e.Context)
	err := s.deps.DB.Write(ctx, func(tx *sqldb.Tx) error { return endUpload(ctx, tx, e.Upload.ID, uploadGone, "", "") })
	if err != nil {
		return handler.HTTPResponse{}, refusal(err)
	}
	return handler.HTTPResponse{}, nil
}

// sweepUploads removes uploads that nobody continues, and finishes those whose last byte arrived just before a crash.
func (s *Service) sweepUploads(ctx context.Context) error {
	all, err := unfinishedUploads(ctx, s.deps.DB.Read())
	if err != nil {
		return fault.E("ingest.sweep", "", "", err)
	}
	now := sqldb.NowMS()
	for _, u := range all {
		if u.ExpiresMS < now && s.abandoned(u) {
			if err := s.dropUpload(ctx, u.ID); err != nil {
				return err
			}
			continue
		}
		if err := s.finishLeftover(ctx, u); err != nil {
			s.deps.Log.WarnContext(ctx, "a complete upload could not be taken over yet", "upload", u.ID, "err", err)
		}
	}
	return nil
}

// expiryGrace is how long an upload must look abandoned to this process, by the monotonic clock, before it is removed: a
// wall clock that jumps ahead removes nothing that somebody still sends.
const expiryGrace = 10 * time.Minute

// elsewhereKeep is how much longer an upload stays whose bytes are not on this machine: they may come in at another one.
const elsewhereKeep = 7 * 24 * time.Hour

// abandoned reports whether nobody has continued the upload for its whole time.
func (s *Service) abandoned(u upload) bool {
	st, err := os.Stat(filepath.Join(s.uploadDir(), u.ID))
	if err != nil && s.deps.Remote && sqldb.NowMS() < u.ExpiresMS+elsewhereKeep.Milliseconds() {
		return false
	}
	if err == nil && time.Since(st.ModTime()) < s.deps.Limits.UploadExpiry {
		s.expiring.Delete(u.ID)
		return false
	}
	first, _ := s.expiring.LoadOrStore(u.ID, time.Now())
	since, ok := first.(time.Time)
	if !ok || time.Since(since) < expiryGrace {
		return false
	}
	s.expiring.Delete(u.ID)
	return true
}

// settle is how long a complete upload may wait for its own request to finish it.
const settle = 30 * time.Second

func (s *Service) finishLeftover(ctx context.Context, u upload) error {
	tus, err := s.hashes.GetUpload(ctx, u.ID)
	if err != nil {
		return nil // its files are gone; the row expires
	}
	info, err := tus.GetInfo(ctx)
	if err != nil {
		return err
	}
	st, err := os.Stat(info.Storage[filestore.StorageKeyPath])
	if err != nil || info.SizeIsDeferred || info.Offset != info.Size || time.Since(st.ModTime()) < settle {
		return nil
	}
	_, err = s.finishWhole(access.With(ctx, access.System(u.Tenant)), u)
	return err
}
