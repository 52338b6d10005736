// Package house is the composition root: it opens the engines the configuration names, builds the rooms, plugs each
// room's ports with the other rooms' services, and starts and stops everything in order. It is the only package that sees everything, and
// it holds no business rule.
package house

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"

	"showreel/engine/blob"
	"showreel/engine/catalogue"
	"showreel/engine/drm"
	"showreel/engine/flow"
	"showreel/engine/keys"
	"showreel/engine/kv"
	"showreel/engine/meter"
	"showreel/engine/transcode"
	"showreel/fault"
	"showreel/platform/budget"
	"showreel/platform/config"
	"showreel/platform/httpd"
	"showreel/platform/outbox"
	"showreel/platform/run"
	"showreel/platform/sqldb"
	"showreel/product/analysis"
	"showreel/product/delivery"
	"showreel/product/ingest"
	"showreel/product/library"
	"showreel/product/quality"
	"showreel/trust/access"
	"showreel/trust/audit"
)

// Options are what the caller decides, beside the configuration.
type Options struct {
	Version  string
	Quiet    bool                    // log warnings only
	Serve    bool                    // listen on the configured address
	Announce func(url, setup string) // told the address once it serves, and the first administrator's link or ""
}

// House is the running product.
type House struct {
	cfg      *config.Config
	opts     Options
	log      *slog.Logger
	instance string // names this process among those that share its databases

	db      *sqldb.DB
	ring    *keys.Ring
	kv      *kv.Store
	blobs   blob.Stores
	outbox  *outbox.Outbox
	flow    *flow.Engine
	budget  *budget.Budget
	coder   *transcode.Service
	drm     *drm.Service
	meter   *meter.Registry
	samples *meter.Recorder

	access   *access.Service
	audit    *audit.Log
	library  *library.Service
	ingest   *ingest.Service
	quality  *quality.Service
	delivery *delivery.Service
	analysis *analysis.Service
	models   *catalogue.Catalogue // of the analysis room; nil without it

	server  *httpd.Server
	closers []func() error // run in reverse by Close
}

// Open builds the product over its configuration; nothing runs yet. What was opened is closed again on an error.
// Kinds: fault.Invalid for a setting, fault.Unavailable for an engine that cannot be reached, fault.Conflict when another
// process works on the data folder.
func Open(ctx context.Context, cfg *config.Config, o Options) (*House, error) {
	h := &House{cfg: cfg, opts: o, log: logger(cfg, o.Quiet)}
	for _, open := range []func(context.Context) error{h.openData, h.openStores, h.openBlobs, h.openEngines, h.openTrust, h.openRooms, h.openDoors} {
		if err := open(ctx); err != nil {
			return nil, errors.Join(err, h.Close())
		}
	}
	return h, nil
}

func logger(cfg *config.Config, quiet bool) *slog.Logger {
	level := slog.LevelInfo
	if err := level.UnmarshalText([]byte(cfg.Log.Level)); err != nil {
		level = slog.LevelInfo // config has checked the word
	}
	if quiet {
		level = max(level, slog.LevelError)
	}
	o := &slog.HandlerOptions{Level: level}
	if cfg.Log.Format == "json" {
		return slog.New(slog.NewJSONHandler(os.Stderr, o))
	}
	return slog.New(slog.NewTextHandler(os.Stderr, o))
}

// path is a place in the data folder.
func (h *House) path(parts ...string) string {
	return filepath.Join(append([]string{h.cfg.Data}, parts...)...)
}

// onClose registers what Close undoes, last first.
func (h *House) onClose(fn func() error) { h.closers = append(h.closers, fn) }

// Close stops and closes everything. It may be called once, after Run has returned or instead of it.
func (h *House) Close() error {
	var all error
	for i := len(h.closers) - 1; i >= 0; i-- {
		all = errors.Join(all, h.closers[i]())
	}
	h.closers = nil
	return all
}

// Handler is the whole API and console, without a listener.
func (h *House) Handler() http.Handler { return h.server }

// OpenAPI is the API's document, YAML.
func (h *House) OpenAPI() []byte { return h.server.OpenAPI() }

// Routes lists every route with its access rule.
func (h *House) Routes() []httpd.Route { return h.server.Routes() }

// Run starts workflows, consumers and, with Options.Serve, the listener, and returns when ctx ends or a part fails.
func (h *House) Run(ctx context.Context) error {
	g := &run.Group{Log: h.log}
	g.Add("workflows", func(ctx context.Context) error {
		if err := h.flow.Launch(ctx); err != nil {
			return err
		}
		<-ctx.Done()
		return nil
	})
	h.addServices(g)
	if h.opts.Serve {
		if err := h.server.Listen(ctx); err != nil {
			return err
		}
		g.Add("http", h.server.Run)
	}
	if err := h.announce(ctx); err != nil {
		return err
	}
	if h.cfg.Samples != "" && h.ingest != nil && h.receives() {
		g.Add("samples", h.loadSamples)
	}
	err := g.Run(ctx)
	if ctx.Err() != nil && (err == nil || errors.Is(err, ctx.Err()) || fault.Is(err, fault.Canceled)) {
		return nil
	}
	return err
}
