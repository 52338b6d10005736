package ingest

import (
	"context"
	"net/http"
	"strconv"

	"showreel/fault"
	"showreel/platform/httpd"
)

// A client whose connection broke after its last byte does not know what became of the file, and a file that could not be
// taken over at once (the storage was down) waits complete. The tus library takes both for done and says nothing of them, so
// that what asks at their end is answered here.

// answerWhole answers HEAD and PATCH for an upload of which every byte has come. It reports false for any other request.
func (s *Service) answerWhole(w http.ResponseWriter, r *http.Request, u upload) bool {
	patch := r.Method == http.MethodPatch
	switch {
	case u.State == uploadDone && (patch || r.Method == http.MethodHead):
	case u.State == uploadOpen && patch && s.whole(r.Context(), u.ID):
		done, err := s.finishWhole(context.WithoutCancel(r.Context()), u)
		if err != nil {
			httpd.Problem(w, r, err)
			return true
		}
		u = done
	default:
		return false
	}
	end := strconv.FormatInt(u.Bytes, 10)
	if patch && r.Header.Get("Upload-Offset") != end {
		httpd.Problem(w, r, fault.Say("ingest.upload", u.ID, fault.Conflict, "mismatched-offset", "%s", tusTexts["MISMATCHED_OFFSET"]))
		return true
	}
	h := w.Header()
	h.Set("Tus-Resumable", "1.0.0")
	h.Set("Upload-Offset", end)
	h.Set(headerAsset, u.Asset)
	h.Set(headerJob, u.Job)
	if patch {
		w.WriteHeader(http.StatusNoContent)
		return true
	}
	h.Set("Upload-Length", end)
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusOK)
	return true
}

// whole reports whether every byte of an unfinished upload lies here.
func (s *Service) whole(ctx context.Context, id string) bool {
	tus, err := s.hashes.GetUpload(ctx, id)
	if err != nil {
		return false
	}
	info, err := tus.GetInfo(ctx)
	return err == nil && !info.SizeIsDeferred && info.Offset == info.Size
}

// finishWhole takes over what waits complete, once: the request that sent the last byte may still be at it.
func (s *Service) finishWhole(ctx context.Context, u upload) (upload, error) {
	lock, err := s.uploadLocks.NewLock(u.ID)
	if err != nil {
		return u, fault.E("ingest.upload", u.ID, fault.Internal, err)
	}
	wait, cancel := context.WithTimeout(ctx, settle)
	defer cancel()
	if err := lock.Lock(wait, func() {}); err != nil {
		return u, fault.Say("ingest.upload", u.ID, fault.Unavailable, "upload-locked", "Another request still takes this upload over; ask again in a moment.")
	}
	defer func() { _ = lock.Unlock() }() // it is held
	now, err := loadUpload(ctx, s.deps.DB.Read(), u.ID)
	if err != nil || now.State == uploadDone {
		return now, err
	}
	if now.State == uploadGone {
		return now, uploadGoneFault(u.ID)
	}
	tus, err := s.hashes.GetUpload(ctx, u.ID)
	if err != nil {
		return u, noUpload(u.ID)
	}
	info, err := tus.GetInfo(ctx)
	if err != nil {
		return u, fault.E("ingest.upload", u.ID, "", err)
	}
	rec, err := s.finishUpload(ctx, info)
	u.Bytes, u.State, u.Asset, u.Job = info.Size, uploadDone, rec.Asset, rec.Job
	return u, err
}
