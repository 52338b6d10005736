package house

import (
	"context"
	"errors"
	"net/netip"
	"path/filepath"
	"strings"
	"time"

	"showreel/engine/blob"
	"showreel/engine/meter"
	"showreel/engine/notify"
	"showreel/engine/notify/lognotify"
	"showreel/engine/notify/webhooknotify"
	"showreel/fault"
	"showreel/platform/config"
	"showreel/platform/httpd"
	"showreel/platform/run"
	"showreel/product/analysis"
	"showreel/product/delivery"
	"showreel/product/ingest"
	"showreel/product/library"
	"showreel/product/quality"
	"showreel/trust/access"
	"showreel/web"
)

// rooms names the rooms that are switched on.
func (h *House) rooms() []string {
	var out []string
	for _, r := range []struct {
		name string
		on   bool
	}{{"library", h.cfg.Rooms.Library}, {"ingest", h.cfg.Rooms.Ingest}, {"quality", h.cfg.Rooms.Quality}, {"delivery", h.cfg.Rooms.Delivery}, {"analysis", h.cfg.Rooms.Analysis}} {
		if r.on {
			out = append(out, r.name)
		}
	}
	return out
}

// openRooms builds the rooms that are switched on and plugs them together. The library is always built, for the others
// stand on it; switched off, its routes and pages are absent.
func (h *House) openRooms(context.Context) error {
	h.library = library.New(library.Deps{DB: h.db, Outbox: h.outbox, Access: h.access, Audit: h.audit, Files: eraser{h.blobs}, Log: h.log})
	if h.cfg.Rooms.Quality {
		h.quality = quality.New(quality.Deps{DB: h.db, Outbox: h.outbox, Access: h.access, Audit: h.audit, Library: h.library, Files: h.blobs.Processed, Log: h.log})
		h.library.AlsoForget(h.quality.Forget)
	}
	if h.cfg.Rooms.Ingest && h.cfg.Target != "edge" {
		if err := h.openIngest(); err != nil {
			return err
		}
	}
	if h.cfg.Rooms.Analysis && h.cfg.Target != "edge" {
		if err := h.openAnalysis(); err != nil {
			return err
		}
	}
	if h.cfg.Rooms.Delivery {
		return h.openDelivery()
	}
	return nil
}

func (h *House) openIngest() error {
	d := ingest.Deps{DB: h.db, Outbox: h.outbox, Blobs: h.blobs, Flow: h.flow, Budget: h.budget, Transcode: h.coder,
		Library: h.library, Access: h.access, Audit: h.audit, Costs: costs{h.samples},
		Pull: httpd.SafeClient(httpd.SafeOptions{AllowPrivate: h.cfg.Pull.AllowPrivate}),
		Dir:  h.path("tmp", "ingest"), Remote: h.shares(), Away: !h.works(),
		Limits: ingest.Limits{UploadBytes: h.cfg.Limits.UploadBytes, ReserveBytes: h.cfg.Work.ReserveDiskMB << 20}, Log: h.log}
	if h.quality != nil {
		d.Gate = h.quality
	}
	for _, w := range h.watched() {
		path, err := filepath.Abs(w.Path)
		if err != nil {
			return fault.E("house.open", w.Path, fault.Invalid, err)
		}
		d.Watch = append(d.Watch, ingest.Watch{Path: path, Tenant: orMain(w.Tenant), Template: w.Template})
	}
	var err error
	if h.ingest, err = ingest.New(d); err != nil {
		return err
	}
	h.ingest.Flows(h.flow)
	h.library.AlsoForget(h.ingest.Forget)
	return nil
}

// watched are the folders that this process looks at: those of the configuration, where jobs are done.
func (h *House) watched() []config.Watch {
	if !h.works() {
		return nil
	}
	return h.cfg.Watch
}

func orMain(tenant string) string {
	if tenant == "" {
		return access.MainTenant
	}
	return tenant
}

func (h *House) openDelivery() error {
	var err error
	h.delivery, err = delivery.New(delivery.Deps{DB: h.db, Keys: h.ring, Library: h.library, Access: h.access, Blobs: h.blobs,
		DRM: h.drm, Geo: country(strings.ToUpper(h.cfg.Country)), Page: web.Dist(), Cache: delivery.Cache{Dir: h.path("tmp", "delivery")}, Log: h.log})
	if err == nil {
		h.library.AlsoForget(h.delivery.Forget)
	}
	return err
}

// country takes every viewer to be where the configuration says, "" for unknown.
type country string

// Country implements delivery.Geo.
func (c country) Country(netip.Addr) string { return string(c) }

// doors returns each room's routes that this process's target serves: an edge delivers, and a worker has none.
func (h *House) doors() []func(*httpd.Server) {
	var out []func(*httpd.Server)
	if h.delivery != nil && h.cfg.Target != "worker" {
		out = append(out, h.delivery.Routes)
	}
	if !h.receives() {
		return out
	}
	if h.cfg.Rooms.Library {
		out = append(out, h.library.Routes)
	}
	if h.quality != nil {
		out = append(out, h.quality.Routes)
	}
	if h.ingest != nil {
		out = append(out, h.ingest.Routes)
	}
	if h.analysis != nil {
		out = append(out, h.analysis.Routes, analysis.ModelDoors{Models: h.models, Audit: h.audit}.Routes)
	}
	return out
}

// abilities returns what each room says to doctor.
func (h *House) abilities() []func(context.Context) []run.Ability {
	var out []func(context.Context) []run.Ability
	if h.ingest != nil {
		out = append(out, h.ingest.Abilities)
	}
	if h.quality != nil {
		out = append(out, h.quality.Abilities)
	}
	if h.delivery != nil {
		out = append(out, h.delivery.Abilities)
	}
	if h.analysis != nil && h.works() {
		out = append(out, h.analysis.Abilities)
	}
	return out
}

// addServices starts what runs in the background of this process's target.
func (h *House) addServices(g *run.Group) {
	g.Add("audit sealer", h.audit.Run)
	g.Add("meter", h.samples.Run)
	g.Add("disk", h.watchDisk)
	g.Add("records", func(ctx context.Context) error { return h.kv.Run(ctx, time.Minute) })
	if h.cfg.Target == "edge" {
		return
	}
	g.Add("library", h.library.Run)
	g.Add("outbox", h.pruneEvents)
	if h.ingest != nil {
		g.Add("ingest", h.ingest.Run)
	}
	if h.works() {
		g.Add("notices", h.alone("notices", h.notices))
		if h.analysis != nil {
			g.Add("analysis", h.alone("analysis", h.analysis.Run))
			g.Add("models", h.models.Run)
		}
	}
}

// notices tells the log and the configured webhooks of events.
func (h *House) notices(ctx context.Context) error {
	targets := []notify.Target{{Name: "log", Driver: lognotify.New(h.log), Events: []string{"asset.published", "asset.failed"}}}
	for _, w := range h.cfg.Notify.Webhooks {
		d, err := webhooknotify.New(webhooknotify.Options{URL: w.URL, Secret: w.Secret, AllowPrivate: h.cfg.Pull.AllowPrivate})
		if err != nil {
			return err
		}
		targets = append(targets, notify.Target{Name: d.Name(), Driver: d, Events: w.Events})
	}
	n, err := notify.New(h.log, targets...)
	if err != nil {
		return err
	}
	return n.Run(ctx, h.outbox)
}

// keepEvents is how long events stay for streams that come back.
const keepEvents = 7 * 24 * time.Hour

func (h *House) pruneEvents(ctx context.Context) error {
	for {
		if _, err := h.outbox.Prune(ctx, keepEvents); err != nil && ctx.Err() == nil {
			h.log.Warn("old events were not removed", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(time.Hour):
		}
	}
}

// costs plugs the meter's recorder into ingest.
type costs struct{ r *meter.Recorder }

// Cost implements ingest.Costs.
func (c costs) Cost(_ context.Context, cost meter.Cost) { c.r.Cost(cost) }

// eraser lets the library delete files that nobody owns any more.
type eraser struct{ stores blob.Stores }

// Erase implements library.Eraser.
func (e eraser) Erase(ctx context.Context, store, key string) error {
	s := e.stores.Processed
	if store == e.stores.Raw.Name() {
		s = e.stores.Raw
	}
	if !strings.HasSuffix(key, "/") {
		return s.Delete(ctx, key)
	}
	for {
		page, err := s.List(ctx, key, "", 500)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, info := range page {
			err = errors.Join(err, s.Delete(ctx, info.Key))
		}
		if err != nil {
			return err
		}
	}
}
