package delivery

import (
	"io"
	"mime"
	"net/http"
	"path"
	"regexp"
	"strconv"
	"time"

	"showreel/engine/blob"
	"showreel/fault"
	"showreel/media"
	"showreel/platform/cmaf"
	"showreel/trust/access"
)

// smallFile are the pictures and tables beside the tracks that may be fetched by name.
var smallFile = regexp.MustCompile(`^(poster\.jpg|thumbs\.vtt|waveform\.json|(sprite|key)/[0-9]{1,8}\.jpg)$`)

// earlyThumbs stands in for thumbs.vtt until the sprites are made.
const earlyThumbs = "thumbs-early.vtt"

// small answers one of the small files of a version. fault.NotFound for any other name and while it is not made yet.
func (s *Service) small(w http.ResponseWriter, r *http.Request, ref media.Ref, name, cache string, clip media.Range) error {
	if !smallFile.MatchString(name) {
		return noPath(r)
	}
	folder := ref.Tenant + "/r/" + ref.Asset + "/" + strconv.Itoa(ref.Version) + "/"
	info, err := s.deps.Blobs.Processed.Stat(r.Context(), folder+name)
	if fault.Is(err, fault.NotFound) && name == "thumbs.vtt" {
		info, err = s.deps.Blobs.Processed.Stat(r.Context(), folder+earlyThumbs)
	}
	if fault.Is(err, fault.NotFound) {
		return noPath(r)
	}
	if err != nil {
		return err
	}
	if name == "thumbs.vtt" && !clip.Empty() {
		return s.thumbsOf(w, r, ref, info, clip)
	}
	return s.sendBlob(w, r, s.deps.Blobs.Processed, info, content{kind: kindOf(name), cache: cache})
}

// thumbsOf cuts the scrubbing pictures to a clip as the view widens it.
func (s *Service) thumbsOf(w http.ResponseWriter, r *http.Request, ref media.Ref, info blob.Info, clip media.Range) error {
	x, err := s.index(r.Context(), ref)
	if err != nil {
		return err
	}
	v, err := cmaf.NewView(x, cmaf.Options{Clip: clip})
	if err != nil {
		return err
	}
	b, _, err := s.deps.Blobs.Processed.Open(r.Context(), info.Key)
	if err != nil {
		return err
	}
	defer b.Close()
	raw, err := io.ReadAll(io.LimitReader(b, cmaf.MaxVTT))
	if err != nil {
		return fault.E("delivery.thumbs", ref.Asset, "", err)
	}
	out, err := cmaf.CutVTT(raw, v.Range())
	if err != nil {
		return err
	}
	send(w, r, memory(out, typeVTT, cachePicture))
	return nil
}

func kindOf(name string) string {
	switch path.Ext(name) {
	case ".jpg":
		return "image/jpeg"
	case ".vtt":
		return typeVTT
	case ".json":
		return "application/json"
	}
	return "application/octet-stream"
}

// sendBlob answers with a stored object.
func (s *Service) sendBlob(w http.ResponseWriter, r *http.Request, store *blob.Store, info blob.Info, c content) error {
	body, err := store.ReaderAt(r.Context(), info.Key)
	if err != nil {
		return err
	}
	defer body.Close()
	c.body, c.size = body, body.Size()
	if c.etag == "" {
		c.etag = tag(info.Key, info.SHA256, info.ETag, strconv.FormatInt(info.Size, 10), strconv.FormatInt(info.ModMS, 10))
	}
	if info.ModMS > 0 {
		c.modified = time.UnixMilli(info.ModMS)
	}
	send(w, r, c)
	return nil
}

// picture answers the console's small files of an asset behind its session: "" in the pattern's {file} is fixed by name.
func (s *Service) picture(name string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a, err := s.deps.Library.Get(r.Context(), r.PathValue("id"))
		if err != nil {
			problem(w, r, err)
			return
		}
		ref := published(a)
		if err := s.mayPreview(r.Context(), a, ref.Version); err != nil {
			problem(w, r, err)
			return
		}
		file := name
		if n := r.PathValue("n"); n != "" {
			file += n
		}
		if err := s.small(w, r, ref, file, cachePrivate, media.Range{}); err != nil {
			problem(w, r, err)
		}
	})
}

// original answers with the received file of an asset's newest version, or of ?version=, as a download. Checks
// "asset:download" (by its rule) and the rights for platform "download".
func (s *Service) original(w http.ResponseWriter, r *http.Request) {
	if err := s.sendOriginal(w, r); err != nil {
		problem(w, r, err)
	}
}

func (s *Service) sendOriginal(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	a, err := s.deps.Library.Get(ctx, r.PathValue("id"))
	if err != nil {
		return err
	}
	if err := s.deps.Access.Check(ctx, "asset:download", access.Resource{Kind: "asset", ID: a.ID}); err != nil {
		return err
	}
	if err := s.usable(ctx, a.Tenant, a.ID, "download"); err != nil {
		return err
	}
	ref := a.Ref()
	if text := r.URL.Query().Get("version"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return fault.Say("delivery.original", a.ID, fault.Invalid, "version", "A version is a number from 1.")
		}
		ref.Version = n
	}
	v, err := s.deps.Library.Version(ctx, ref)
	if err != nil {
		return err
	}
	info, err := s.deps.Blobs.Raw.Stat(ctx, v.Key)
	if err != nil {
		return err
	}
	kind := mime.TypeByExtension(path.Ext(v.Name))
	if kind == "" {
		kind = "application/octet-stream"
	}
	return s.sendBlob(w, r, s.deps.Blobs.Raw, info, content{kind: kind, cache: cachePrivate, filename: v.Name, etag: `"` + v.SHA256 + `"`})
}
