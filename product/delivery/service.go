package delivery

import (
	"context"
	"embed"
	"io/fs"
	"log/slog"
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"showreel/engine/blob"
	"showreel/engine/drm"
	"showreel/engine/keys"
	"showreel/fault"
	"showreel/media"
	"showreel/platform/cmaf"
	"showreel/platform/httpd"
	"showreel/platform/run"
	"showreel/platform/sqldb"
	"showreel/product/library"
	"showreel/trust/access"
)

//go:embed schema/*.sql
var schemaFiles embed.FS

// Schema is the room's table.
func Schema() sqldb.Schema {
	sub, err := fs.Sub(schemaFiles, "schema")
	if err != nil {
		panic("delivery: " + err.Error()) // the folder is embedded above
	}
	return sqldb.Schema{Name: "delivery", FS: sub}
}

// Deps is what delivery needs.
type Deps struct {
	DB      *sqldb.DB
	Keys    *keys.Ring
	Library *library.Service
	Access  *access.Service
	Blobs   blob.Stores
	DRM     *drm.Service // nil: encrypted delivery is unavailable
	Geo     Geo          // nil: every country is unknown
	Page    fs.FS        // holds embed.html, the player page; nil has none
	Cache   Cache
	Log     *slog.Logger     // nil discards
	Now     func() time.Time // nil is the clock
}

// Cache sizes the block cache.
type Cache struct {
	MemoryMB int64  // 0 is 64
	Dir      string // "" keeps nothing on disk
	DiskMB   int64  // 0 is 4096
}

// Service is delivery. It is safe for concurrent use.
type Service struct {
	deps   Deps
	tokens *tokenKeys
	blocks *blocks
	limits *keyLimits
	flight singleflight.Group

	mu      sync.Mutex
	indexes map[media.Ref]*kept
	views   map[viewKey]*shown
	files   map[fileKey]*cmaf.Progressive
}

// New makes the service over a migrated store. fault.Unavailable if the cache folder cannot be used.
func New(d Deps) (*Service, error) {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.Cache.MemoryMB <= 0 {
		d.Cache.MemoryMB = 64
	}
	if d.Cache.DiskMB <= 0 {
		d.Cache.DiskMB = 4096
	}
	var disk *diskCache
	if d.Cache.Dir != "" {
		var err error
		if disk, err = openDiskCache(d.Cache.Dir, d.Cache.DiskMB<<20); err != nil {
			return nil, err
		}
	}
	return &Service{
		deps:    d,
		tokens:  &tokenKeys{db: d.DB, secret: d.Keys.Secret},
		blocks:  newBlocks(d.Blobs.Processed, d.Cache.MemoryMB<<20, disk, d.Log),
		limits:  &keyLimits{},
		indexes: map[media.Ref]*kept{},
		views:   map[viewKey]*shown{},
		files:   map[fileKey]*cmaf.Progressive{},
	}, nil
}

// RotateTokens makes a new key for play tokens. Tokens given out before are refused after grace; 0 withdraws them at once,
// within a minute on other machines. Checks "system:manage".
func (s *Service) RotateTokens(ctx context.Context, grace time.Duration) error {
	if err := s.deps.Access.Check(ctx, "system:manage", access.Resource{}); err != nil {
		return err
	}
	return s.tokens.rotate(ctx, grace)
}

// Forget destroys the content keys of a purged asset's versions, up to ref's, once the purge has been committed; its tokens
// end with the asset.
func (s *Service) Forget(ctx context.Context, tx *sqldb.Tx, ref media.Ref) error {
	tx.OnCommit(func() {
		ctx := context.WithoutCancel(ctx)
		for n := 1; n <= ref.Version; n++ {
			version := media.Ref{Tenant: ref.Tenant, Asset: ref.Asset, Version: n}
			s.mu.Lock()
			delete(s.indexes, version)
			s.mu.Unlock()
			if s.deps.DRM == nil {
				continue
			}
			if err := s.deps.DRM.Forget(ctx, ref.Tenant, contentID(version)); err != nil {
				s.deps.Log.ErrorContext(ctx, "content keys of a purged asset remain", "asset", ref.Asset, "version", n, "error", err)
			}
		}
	})
	return nil
}

// Erase has nothing to remove: delivery stores nothing about people.
func (s *Service) Erase(context.Context, string) error { return nil }

// Abilities says what delivery can do here.
func (s *Service) Abilities(context.Context) []run.Ability {
	out := []run.Ability{{Name: "play", State: run.OK, Text: "HLS and DASH, clips, downloads, cached in memory"}}
	if s.deps.DRM == nil {
		out = append(out, run.Ability{Name: "encrypted delivery", State: run.Missing, Text: "No content keys are configured"})
	} else {
		out = append(out, run.Ability{Name: "encrypted delivery", State: run.OK, Text: "cenc and cbcs with ClearKey: protects the way, not against the viewer"})
	}
	if s.deps.Geo == nil {
		out = append(out, run.Ability{Name: "countries", State: run.Degraded,
			Text: "No country database is configured, so films with limited territories are refused everywhere"})
	}
	return out
}

// contentID names a version for its keys.
func contentID(ref media.Ref) string { return ref.Asset + "/" + strconv.Itoa(ref.Version) }

// country returns the caller's country, "" when it is not known.
func (s *Service) country(addr netip.Addr) string {
	if s.deps.Geo == nil || !addr.IsValid() {
		return ""
	}
	return s.deps.Geo.Country(addr.Unmap())
}

// caller returns the caller's address as seen through trusted proxies.
func caller(ctx context.Context) netip.Addr {
	addr, err := netip.ParseAddr(httpd.ClientIP(ctx))
	if err != nil {
		return netip.Addr{}
	}
	return addr
}

// usable asks the library whether an asset may be used here and now.
func (s *Service) usable(ctx context.Context, tenant, asset, platform string) error {
	return s.deps.Library.Usable(access.With(ctx, access.System(tenant)), asset, s.country(caller(ctx)), platform, s.deps.Now().UnixMilli())
}

// open checks a token of a request path: its MAC, its times, its place, and that it was made for the asset and version of
// the path (version 0 is not compared).
func (s *Service) open(r *http.Request, asset string, version int) (Claims, error) {
	c, err := unseal(r.PathValue("token"), func(id string) ([]byte, error) { return s.tokens.verifying(r.Context(), id, s.deps.Now()) })
	if err != nil {
		return c, err
	}
	if c.Asset != asset || version != 0 && c.Version != version {
		return c, fault.Say("delivery.token", asset, fault.Denied, "other-asset", "This playing link was made for another film.")
	}
	addr := caller(r.Context())
	return c, c.permits(s.deps.Now(), addr, s.country(addr))
}
