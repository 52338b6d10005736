package delivery

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"

	"showreel/fault"
	"showreel/platform/cmaf"
	"showreel/platform/httpd"
)

// How long answers may be kept by browsers and caches on the way.
const (
	cacheGrowing  = "public, max-age=1"
	cacheManifest = "public, max-age=60"
	cacheForever  = "public, max-age=31536000, immutable"
	cachePicture  = "public, max-age=300"
	cachePrivate  = "private, max-age=60"
)

// Media types.
const (
	typeHLS  = "application/vnd.apple.mpegurl"
	typeDASH = "application/dash+xml"
	typeMP4  = "video/mp4"
	typeVTT  = "text/vtt; charset=utf-8"
)

// watch answers everything below /v/{token}/{asset}/{ver}/.
func (s *Service) watch(w http.ResponseWriter, r *http.Request) {
	allowAll(w)
	version, err := strconv.Atoi(r.PathValue("ver"))
	if err != nil || version < 1 {
		problem(w, r, noPath(r))
		return
	}
	c, err := s.open(r, r.PathValue("asset"), version)
	if err == nil {
		err = s.answer(w, r, c, r.PathValue("path"))
	}
	if err != nil {
		problem(w, r, err)
	}
}

func noPath(r *http.Request) error {
	return fault.Say("delivery.watch", "", fault.NotFound, "no-file", "There is nothing at this address: %s.", path.Base(r.URL.Path))
}

// allowAll opens an answer to players on every site; the token is the permission.
func allowAll(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Expose-Headers", "Accept-Ranges, Content-Length, Content-Range, Date, ETag, Retry-After")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
}

// preflight answers a browser's question before a cross-site request.
func preflight(w http.ResponseWriter, _ *http.Request) {
	allowAll(w)
	h := w.Header()
	h.Set("Access-Control-Allow-Methods", "GET, HEAD, POST, OPTIONS")
	h.Set("Access-Control-Allow-Headers", "Content-Type, If-Match, If-None-Match, If-Range, Range")
	h.Set("Access-Control-Max-Age", "86400")
	w.WriteHeader(http.StatusNoContent)
}

// answer finds what a path below a version means.
func (s *Service) answer(w http.ResponseWriter, r *http.Request, c Claims, name string) error {
	dir, file := path.Split(name)
	dir = strings.TrimSuffix(dir, "/")
	switch {
	case name == licenceName:
		if r.Method != http.MethodPost {
			return fault.Say("delivery.licence", c.Asset, fault.Invalid, "licence-request", "Ask for a licence by POST.")
		}
		return s.giveLicence(w, r, c)
	case r.Method == http.MethodPost:
		return noPath(r)
	case dir == strings.TrimSuffix(keyFolder, "/"):
		if len(file) == 32 {
			return s.giveKey(w, r, c, file)
		}
		return s.small(w, r, c.ref(), name, cachePicture, c.Clip())
	case dir == "dl":
		return s.download(w, r, c, file)
	case file == cmaf.MasterName || file == cmaf.MPDName || file == cmaf.MediaName || file == cmaf.IFrameName:
		return s.manifest(w, r, c, dir, file)
	case file == cmaf.InitName || dir != "" && strings.HasSuffix(file, ".vtt") || strings.HasSuffix(file, ".m4s"):
		return s.segment(w, r, c, dir, file)
	}
	return s.small(w, r, c.ref(), name, cachePicture, c.Clip())
}

// manifest checks the rights again, then writes a playlist or the MPD.
func (s *Service) manifest(w http.ResponseWriter, r *http.Request, c Claims, track, file string) error {
	ctx := r.Context()
	if err := s.usable(ctx, c.Tenant, c.Asset, c.Platform); err != nil {
		return err
	}
	v, err := s.view(ctx, c)
	if err != nil {
		return err
	}
	var b []byte
	kind := typeHLS
	switch {
	case file == cmaf.MasterName && track == "":
		b = v.Master()
	case file == cmaf.MPDName && track == "":
		kind, b = typeDASH, v.MPD(s.deps.Now(), licenceURL(r, c))
	case file == cmaf.MediaName:
		b, err = v.Media(track)
	case file == cmaf.IFrameName:
		b, err = v.IFrames(track)
	default:
		err = noPath(r)
	}
	if err != nil {
		return err
	}
	cache := cacheManifest
	if v.Growing() {
		cache = cacheGrowing
	}
	send(w, r, memory(b, kind, cache))
	return nil
}

// licenceURL is the whole address of the licence endpoint beside a manifest, "" for a clear token.
func licenceURL(r *http.Request, c Claims) string {
	if c.DRM == "" {
		return ""
	}
	u := url.URL{Scheme: "http", Host: r.Host, Path: path.Dir(r.URL.Path) + "/" + licenceName}
	if httpd.Secure(r.Context()) {
		u.Scheme = "https"
	}
	return u.String()
}

// memory is content made for this answer; its tag is its hash.
func memory(b []byte, kind, cache string) content {
	sum := sha256.Sum256(b)
	return content{body: bytes.NewReader(b), size: int64(len(b)), etag: `"` + hex.EncodeToString(sum[:12]) + `"`, kind: kind, cache: cache}
}

// segment answers initialisations, segments, key frames and captions.
func (s *Service) segment(w http.ResponseWriter, r *http.Request, c Claims, track, file string) error {
	v, err := s.view(r.Context(), c)
	if err != nil {
		return err
	}
	switch {
	case file == cmaf.InitName:
		b, err := v.Init(track)
		if err != nil {
			return err
		}
		send(w, r, memory(b, typeMP4, cacheForever))
		return nil
	case strings.HasSuffix(file, ".vtt"):
		return s.captions(w, r, v, track, file)
	}
	digits, key := strings.CutPrefix(strings.TrimSuffix(file, ".m4s"), "i")
	n, err := strconv.Atoi(digits)
	if err != nil || strconv.Itoa(n) != digits {
		return noPath(r)
	}
	get := v.Segment
	if key {
		get = v.IFrame
	}
	cut, err := get(track, n)
	if err != nil {
		return err
	}
	src, etag := s.blocks.part(r.Context(), cut.Part), v.tag(track, n, key, cut)
	if cut.Plain() {
		send(w, r, content{body: io.NewSectionReader(src, cut.Offset, cut.Size), size: cut.Size, kind: typeMP4, cache: cacheForever, etag: etag})
		return nil
	}
	raw := make([]byte, cut.Size)
	if _, err := src.ReadAt(raw, cut.Offset); err != nil {
		return fault.E("delivery.segment", track, "", err)
	}
	b, err := cut.Build(raw)
	if err != nil {
		return err
	}
	if etag == "" {
		send(w, r, memory(b, typeMP4, cacheForever))
		return nil
	}
	send(w, r, content{body: bytes.NewReader(b), size: int64(len(b)), etag: etag, kind: typeMP4, cache: cacheForever})
	return nil
}

// tag makes a strong entity tag of what identifies a representation.
func tag(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	return `"` + hex.EncodeToString(h.Sum(nil)[:12]) + `"`
}

// captions answers a text track or a segment of it.
func (s *Service) captions(w http.ResponseWriter, r *http.Request, v *shown, track, file string) error {
	cut, err := v.Text(track, file)
	if err != nil {
		return err
	}
	if cut.Part.Size > cmaf.MaxVTT {
		return fault.Say("delivery.captions", track, fault.TooLarge, "captions", "The caption file is too large to send.")
	}
	raw := make([]byte, cut.Part.Size)
	if _, err := s.blocks.part(r.Context(), cut.Part).ReadAt(raw, 0); err != nil && err != io.EOF {
		return fault.E("delivery.captions", track, "", err)
	}
	b, err := cmaf.CutVTT(raw, cut.Clip)
	if err == nil && !cut.Show.Empty() {
		b, err = cmaf.KeepVTT(b, cut.Show)
	}
	if err != nil {
		return err
	}
	cache := cacheManifest // people correct captions while others watch
	if cut.Current {
		cache = cacheForever
	}
	send(w, r, memory(b, typeVTT, cache))
	return nil
}

// download answers dl/{height}.mp4: the film as one file.
func (s *Service) download(w http.ResponseWriter, r *http.Request, c Claims, file string) error {
	ctx := r.Context()
	if c.Scope != ScopeDownload || c.DRM != "" || c.ClipTo != 0 {
		return fault.Say("delivery.download", c.Asset, fault.Denied, "no-download", "This link may play but not download.")
	}
	if err := s.usable(ctx, c.Tenant, c.Asset, "download"); err != nil {
		return err
	}
	x, err := s.index(ctx, c.ref())
	if err != nil {
		return err
	}
	v, err := s.view(ctx, c)
	if err != nil {
		return err
	}
	name, ok := strings.CutSuffix(file, ".mp4")
	if !ok || v.Growing() {
		return noPath(r)
	}
	for _, d := range downloads(v) {
		if d.name != name {
			continue
		}
		p, err := s.progressive(ctx, x, name, d.tracks)
		if err != nil {
			return err
		}
		parts := []string{"mp4", strconv.FormatInt(p.Size(), 10)}
		for _, t := range d.tracks {
			for _, part := range t.Parts {
				parts = append(parts, part.Key, part.SHA256)
			}
		}
		send(w, r, content{body: p.ReaderAt(s.opener(ctx)), size: p.Size(), etag: tag(parts...), kind: typeMP4, cache: cachePicture,
			filename: c.Asset + "-" + name + ".mp4"})
		return nil
	}
	return noPath(r)
}

// playJSON tells the player page what its token reaches.
func (s *Service) playJSON(w http.ResponseWriter, r *http.Request) {
	allowAll(w)
	c, err := s.open(r, r.PathValue("asset"), 0)
	if err == nil {
		err = s.usable(r.Context(), c.Tenant, c.Asset, c.Platform)
	}
	var p Play
	if err == nil {
		p, err = s.playOf(r.Context(), c, r.PathValue("token"))
	}
	if err != nil {
		problem(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(p) // a broken connection has nobody to tell
}
