package delivery

import (
	"context"
	"encoding/hex"
	"fmt"
	"net/netip"
	"sort"
	"strconv"
	"strings"
	"time"

	"showreel/fault"
	"showreel/media"
	"showreel/platform/cmaf"
	"showreel/platform/sqldb"
	"showreel/product/library"
	"showreel/trust/access"
)

// The lifetime of a token.
const (
	defaultTTL = 12 * time.Hour
	maxTTL     = 30 * 24 * time.Hour
	minTTL     = 10 * time.Second
)

// PlayRequest says how a film shall be played.
type PlayRequest struct {
	Clip       *Clip    `json:"clip,omitempty" doc:"only this part, widened to whole groups of pictures"`
	MaxHeight  int      `json:"maxHeight,omitempty" minimum:"0" maximum:"10000" doc:"the largest shorter side of the picture in pixels; 0 is no limit"`
	DRM        string   `json:"drm,omitempty" enum:"none,cenc,cbcs" doc:"encrypted delivery with ClearKey; it protects the way, not against the viewer"`
	TTLSeconds int      `json:"ttlSeconds,omitempty" minimum:"0" maximum:"2592000" doc:"how long the link lives; 0 is 12 hours"`
	Version    int      `json:"version,omitempty" minimum:"0" maximum:"1000000" doc:"0 is the published one, or the newest while none is"`
	Platform   string   `json:"platform,omitempty" maxLength:"40" doc:"where it will be shown: web, mobile, ott …; web when empty"`
	Countries  []string `json:"countries,omitempty" maxItems:"250" doc:"ISO 3166-1 alpha-2 codes that may play; empty is every country"`
	Network    string   `json:"network,omitempty" maxLength:"50" doc:"only from this network, such as 203.0.113.0/24"`
}

// Clip is a part of the film in milliseconds.
type Clip struct {
	StartMS int64 `json:"startMs" minimum:"0"`
	EndMS   int64 `json:"endMs" minimum:"1"`
}

// Play is what a player needs. Addresses are relative to this server.
type Play struct {
	Token      string     `json:"token"`
	ExpiresMS  int64      `json:"expiresMs"`
	Asset      string     `json:"asset"`
	Version    int        `json:"version"`
	Title      string     `json:"title"`
	HLS        string     `json:"hls"`
	DASH       string     `json:"dash"`
	Poster     string     `json:"poster,omitempty"`
	Thumbs     string     `json:"thumbs,omitempty"`
	Waveform   string     `json:"waveform,omitempty"`
	Embed      string     `json:"embed"`
	Download   []Download `json:"download" nullable:"false"`
	Captions   []Caption  `json:"captions" nullable:"false"`
	ClearKey   *ClearKey  `json:"clearkey,omitempty"`
	Growing    bool       `json:"growing"`
	DurationMS int64      `json:"durationMs"`
	ClipFromMS int64      `json:"clipFromMs,omitempty" doc:"where the clip really starts in the film"`
}

// Download is the film as one MP4 file. Height 0 is sound alone.
type Download struct {
	Height int    `json:"height"`
	URL    string `json:"url"`
	Bytes  int64  `json:"bytes" doc:"about"`
}

// Caption is a text track.
type Caption struct {
	Lang    string `json:"lang" doc:"BCP 47; empty where it is not known"`
	Label   string `json:"label" doc:"the name people choose it by: its title, else its language in that language"`
	URL     string `json:"url"`
	Kind    string `json:"kind" doc:"subtitles, captions or forced"`
	Machine bool   `json:"machine,omitempty" doc:"no person wrote it: heard, or translated, by a machine"`
}

// ClearKey is how encrypted delivery is unlocked.
type ClearKey struct {
	Licence string            `json:"licence" doc:"W3C ClearKey licence endpoint"`
	Keys    map[string]string `json:"keys" doc:"key id to key, both in hexadecimal"`
}

// Play makes a link that may play an asset. Checks "asset:play" and the asset's rights. Kinds: fault.NotFound (also
// "not-playable" while nothing can be played), fault.Conflict "held" while nothing can because quality holds it for a person,
// fault.Denied outside the rights or, to those who do not work on it, for what is held or failed, fault.Invalid for a bad clip, fault.Unavailable without keys for encrypted delivery.
func (s *Service) Play(ctx context.Context, asset string, in PlayRequest) (Play, error) {
	if err := s.deps.Access.Check(ctx, "asset:play", access.Resource{Kind: "asset", ID: asset}); err != nil {
		return Play{}, err
	}
	a, err := s.deps.Library.Get(ctx, asset)
	if err != nil {
		return Play{}, err
	}
	c, err := s.claims(a, in)
	if err != nil {
		return Play{}, err
	}
	if err := s.mayPreview(ctx, a, c.Version); err != nil {
		return Play{}, err
	}
	if err := s.usable(ctx, c.Tenant, asset, c.Platform); err != nil {
		return Play{}, err
	}
	if c.DRM == "" && c.ClipTo == 0 && s.deps.Access.May(ctx, "asset:download", access.Resource{Kind: "asset", ID: asset}) &&
		s.usable(ctx, c.Tenant, asset, "download") == nil {
		c.Scope = ScopeDownload
	}
	id, secret, err := s.tokens.signing(ctx)
	if err != nil {
		return Play{}, err
	}
	token, err := seal(c, id, secret)
	if err != nil {
		return Play{}, err
	}
	if len(token) > maxToken {
		return Play{}, fault.Say("delivery.play", asset, fault.TooLarge, "token", "That is too much for one link; name fewer countries.")
	}
	return s.describe(ctx, a, c, token)
}

// mayPreview keeps what quality holds back, or what failed, to those who work on it.
func (s *Service) mayPreview(ctx context.Context, a library.Asset, version int) error {
	if version == a.Published || a.State != library.Held && a.State != library.Failed {
		return nil
	}
	err := s.deps.Access.Check(ctx, "asset:update", access.Resource{Kind: "asset", ID: a.ID})
	if fault.Is(err, fault.Denied) && a.State == library.Held {
		return held(ctx, fault.Denied, a.ID, a.Error)
	}
	return err
}

func (s *Service) claims(a library.Asset, in PlayRequest) (Claims, error) {
	c := Claims{Tenant: a.Tenant, Asset: a.ID, Version: in.Version, MaxHeight: in.MaxHeight, Platform: strings.ToLower(in.Platform), Session: sqldb.NewID()}
	if c.Version == 0 {
		c.Version = a.Published
	}
	if c.Version == 0 {
		c.Version = a.Version
	}
	if c.Platform == "" {
		c.Platform = "web"
	}
	switch in.DRM {
	case "", "none":
	case cmaf.SchemeCENC, cmaf.SchemeCBCS:
		c.DRM = in.DRM
	default:
		return c, fault.Say("delivery.play", a.ID, fault.Invalid, "scheme", "Encrypted delivery is none, cenc or cbcs.")
	}
	if in.Clip != nil {
		if in.Clip.StartMS < 0 || in.Clip.EndMS <= in.Clip.StartMS {
			return c, fault.Say("delivery.play", a.ID, fault.Invalid, "clip-range", "A clip must start before it ends.")
		}
		c.ClipFrom, c.ClipTo = in.Clip.StartMS, in.Clip.EndMS
	}
	for _, code := range in.Countries {
		if len(code) != 2 {
			return c, fault.Say("delivery.play", a.ID, fault.Invalid, "country", "Countries are two letters, such as DE or BR.")
		}
		c.Allow = append(c.Allow, strings.ToUpper(code))
	}
	if in.Network != "" {
		p, err := netip.ParsePrefix(in.Network)
		if err != nil {
			return c, fault.Say("delivery.play", a.ID, fault.Invalid, "network", "A network is an address with a prefix length, such as 203.0.113.0/24.")
		}
		c.Network = p.Masked().String()
	}
	ttl := time.Duration(in.TTLSeconds) * time.Second
	if ttl == 0 {
		ttl = defaultTTL
	}
	now := s.deps.Now()
	c.NotBefore = now.Add(-time.Minute).UnixMilli() // viewers' servers may be slow by a little
	c.Expires = now.Add(min(max(ttl, minTTL), maxTTL)).UnixMilli()
	return c, nil
}

// describe lists what a token reaches.
func (s *Service) describe(ctx context.Context, a library.Asset, c Claims, token string) (Play, error) {
	v, err := s.view(ctx, c)
	if err != nil {
		return Play{}, err
	}
	x, err := s.index(ctx, c.ref())
	if err != nil {
		return Play{}, err
	}
	base := fmt.Sprintf("/v/%s/%s/%d/", token, c.Asset, c.Version)
	p := Play{Token: token, ExpiresMS: c.Expires, Asset: c.Asset, Version: c.Version, Title: a.Title,
		HLS: base + cmaf.MasterName, DASH: base + cmaf.MPDName, Embed: "/embed/" + token + "/" + c.Asset,
		Download: []Download{}, Captions: []Caption{}, Growing: v.Growing(), DurationMS: v.Length().MS(), ClipFromMS: v.Range().Start.MS()}
	if err := s.pictures(ctx, &p, c, base); err != nil {
		return p, err
	}
	for _, t := range v.Tracks() {
		if t.Kind == cmaf.KindText {
			p.Captions = append(p.Captions, Caption{Lang: t.Lang, Label: labelOf(t), URL: base + t.Name + "/" + cmaf.TextName, Kind: captionKind(t), Machine: t.Machine()})
		}
	}
	if c.Scope == ScopeDownload && !v.Growing() {
		for _, d := range downloads(v) {
			p.Download = append(p.Download, Download{Height: d.height, URL: base + "dl/" + d.name + ".mp4", Bytes: d.bytes})
		}
	}
	if c.DRM != "" {
		keys, err := s.contentKeys(ctx, c, x)
		if err != nil {
			return p, err
		}
		p.ClearKey = &ClearKey{Licence: base + licenceName, Keys: map[string]string{}}
		for _, t := range v.Tracks() {
			if k, ok := keys[classOf(t)]; ok && t.Kind != cmaf.KindText {
				p.ClearKey.Keys[hex.EncodeToString(k.KID[:])] = hex.EncodeToString(k.Key[:])
			}
		}
	}
	return p, nil
}

// pictures finds out which of the small files exist.
func (s *Service) pictures(ctx context.Context, p *Play, c Claims, base string) error {
	list, err := s.deps.Library.Renditions(access.With(ctx, access.System(c.Tenant)), c.ref())
	if err != nil {
		return err
	}
	for _, r := range list {
		switch r.Role {
		case "poster":
			p.Poster = base + "poster.jpg"
		case "thumbs":
			p.Thumbs = base + "thumbs.vtt"
		case "waveform":
			p.Waveform = base + "waveform.json"
		}
	}
	return nil
}

func captionKind(t *cmaf.Track) string {
	switch t.Role {
	case cmaf.RoleCaptions, cmaf.RoleTranscribed:
		return "captions"
	case cmaf.RoleForced:
		return "forced"
	}
	return "subtitles"
}

// download is one file on offer.
type download struct {
	name   string
	height int
	bytes  int64
	tracks []*cmaf.Track
}

// downloads offers each height once, with the main sound; without video the sound. Nothing is offered of a view whose tracks
// still grow.
func downloads(v *shown) []download {
	byHeight := map[int]*cmaf.Track{}
	var sound *cmaf.Track
	for _, t := range v.Tracks() {
		switch t.Kind {
		case cmaf.KindVideo:
			if old := byHeight[t.Height]; old == nil || strings.HasPrefix(t.Codec, "avc") && !strings.HasPrefix(old.Codec, "avc") {
				byHeight[t.Height] = t
			}
		case cmaf.KindAudio:
			if sound == nil || t.Default && !sound.Default {
				sound = t
			}
		}
	}
	var out []download
	for h, t := range byHeight {
		d := download{name: strconv.Itoa(h), height: h, bytes: t.Bytes(), tracks: []*cmaf.Track{t}}
		if sound != nil {
			d.tracks, d.bytes = append(d.tracks, sound), d.bytes+sound.Bytes()
		}
		out = append(out, d)
	}
	if len(out) == 0 && sound != nil {
		out = []download{{name: "audio", bytes: sound.Bytes(), tracks: []*cmaf.Track{sound}}}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].height > out[j].height })
	return out
}

// playOf describes again what a token reaches, for the player page.
func (s *Service) playOf(ctx context.Context, c Claims, token string) (Play, error) {
	a, err := s.deps.Library.Get(access.With(ctx, access.System(c.Tenant)), c.Asset)
	if err != nil {
		return Play{}, err
	}
	return s.describe(ctx, a, c, token)
}

// published is the version whose pictures the console shows: the published one, else the newest.
func published(a library.Asset) media.Ref {
	if a.Published > 0 {
		return a.At(a.Published)
	}
	return a.Ref()
}
