package house

import (
	"context"
	"os"
	"strings"
	"time"

	"showreel/engine/drm"
	"showreel/engine/drm/localdrm"
	"showreel/engine/flow"
	"showreel/engine/flow/dbosflow"
	"showreel/engine/meter"
	"showreel/engine/meter/sqlitemeter"
	"showreel/engine/transcode"
	"showreel/engine/transcode/ffmpegtranscode"
	"showreel/fault"
	"showreel/media"
	"showreel/platform/budget"
	"showreel/platform/sqldb"
	"showreel/trust/access"
	"showreel/trust/audit"
)

// burstCores is how many cores more than there are previews and short work may take beside long chunks: they are over in
// a second, and the operating system shares the cores meanwhile.
const burstCores = 1

// openEngines opens workflows, the transcoder, content keys and the meter.
func (h *House) openEngines(ctx context.Context) error {
	if err := h.openFlow(ctx); err != nil {
		return err
	}
	h.budget = budget.New(budget.Limits{Cores: cores(h.cfg.Work.Cores), MemMB: memoryMB(h.cfg.Work.MemoryMB), Burst: burstCores})
	h.coder = h.openCoder(ctx)
	h.drm = drm.New(localdrm.New(h.db, h.ring))
	store, err := sqldb.Open(ctx, "sqlite:"+h.path("meter.db"))
	if err != nil {
		return err
	}
	h.onClose(store.Close)
	if err := store.Migrate(ctx, sqlitemeter.Schema()); err != nil {
		return err
	}
	h.meter = meter.New()
	host, _, _ := strings.Cut(h.instance, "/")
	h.samples = meter.NewRecorder(h.meter, sqlitemeter.New(store), host)
	return nil
}

// openFlow opens the workflow engine; it executes runs only where this process does jobs.
func (h *House) openFlow(ctx context.Context) error {
	// DBOS lets these override what it is configured with: work of another version would lie idle, and two workers of one
	// name would both do it.
	for _, name := range []string{"DBOS__APPVERSION", "DBOS__VMID", "DBOS__CLOUD"} {
		if err := os.Unsetenv(name); err != nil {
			return fault.E("house.open", name, fault.Internal, err)
		}
	}
	driver, err := dbosflow.Open(ctx, dbosflow.Options{URL: h.cfg.Flow, Worker: h.instance, Log: h.log})
	if err != nil {
		return err
	}
	opts := []flow.Opt{flow.WithLog(h.log)}
	if !h.works() {
		opts = append(opts, flow.WithoutWork())
	}
	h.flow = flow.New(driver, h.db, opts...)
	h.onClose(func() error {
		stop, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		return h.flow.Close(stop)
	})
	return nil
}

// openCoder opens ffmpeg. Without one the server runs all the same, doctor says what to install, and every probe and task
// answers with that sentence.
func (h *House) openCoder(ctx context.Context) *transcode.Service {
	d, err := ffmpegtranscode.New(ctx, ffmpegtranscode.Config{FFmpeg: h.cfg.Transcode.FFmpeg, FFprobe: h.cfg.Transcode.FFprobe, Nice: ladderNice})
	if err != nil {
		h.log.Warn("no transcoder", "err", err)
		return transcode.New(noCoder{err})
	}
	return transcode.New(d)
}

// noCoder stands where ffmpeg is missing: it refuses with the reason.
type noCoder struct{ why error }

// Probe implements transcode.Driver.
func (n noCoder) Probe(context.Context, string, string) (media.Info, error) {
	return media.Info{}, n.why
}

// Split implements transcode.Driver.
func (n noCoder) Split(transcode.Plan, string) ([]transcode.Task, error) { return nil, n.why }

// Run implements transcode.Driver.
func (n noCoder) Run(context.Context, transcode.Plan, transcode.Task, transcode.Env) (transcode.Result, error) {
	return transcode.Result{}, n.why
}

// Caps implements transcode.Driver.
func (n noCoder) Caps() transcode.Caps { return transcode.Caps{} }

// openTrust opens the audit log and access.
func (h *House) openTrust(context.Context) error {
	h.audit = audit.New(h.db, h.ring)
	var err error
	h.access, err = access.New(access.Deps{DB: h.db, Audit: h.audit, Log: h.log, Rooms: h.rooms()})
	if err != nil {
		return err
	}
	h.onClose(func() error { h.access.Close(); return nil })
	return nil
}
