package ingest

import (
	"context"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/tus/tusd/v2/pkg/memorylocker"

	"showreel/engine/blob"
	"showreel/engine/flow"
	"showreel/engine/transcode"
	"showreel/fault"
	"showreel/platform/budget"
	"showreel/platform/outbox"
	"showreel/platform/sqldb"
	"showreel/product/library"
	"showreel/trust/access"
	"showreel/trust/audit"
)

// Limits bound what comes in. Zero fields take the defaults.
type Limits struct {
	UploadBytes  int64         // largest file; 0 is 1 TiB
	TenantBytes  int64         // originals a tenant may keep; 0 is no quota
	OpenUploads  int           // unfinished uploads per tenant; 0 is 1000
	UploadExpiry time.Duration // an upload nobody continues is removed; 0 is 48 h
	ReserveBytes int64         // disk space that ingest never touches; 0 is 512 MiB
	ChunkKeep    time.Duration // finished chunks stay this long after their last use; 0 is 24 h
}

func (l Limits) withDefaults() Limits {
	set := func(v *int64, d int64) {
		if *v == 0 {
			*v = d
		}
	}
	set(&l.UploadBytes, 1<<40)
	set(&l.ReserveBytes, 512<<20)
	if l.OpenUploads == 0 {
		l.OpenUploads = 1000
	}
	if l.UploadExpiry == 0 {
		l.UploadExpiry = 48 * time.Hour
	}
	if l.ChunkKeep == 0 {
		l.ChunkKeep = 24 * time.Hour
	}
	return l
}

// Watch is a folder whose files come in by themselves.
type Watch struct {
	Path     string // absolute
	Tenant   string
	Template string // "" is the default
}

// Deps is what the room needs.
type Deps struct {
	DB        *sqldb.DB
	Outbox    *outbox.Outbox
	Blobs     blob.Stores
	Flow      *flow.Engine
	Budget    *budget.Budget
	Transcode *transcode.Service
	Library   *library.Service
	Access    *access.Service
	Audit     *audit.Log
	Gate      Gate         // nil lets everything pass
	Costs     Costs        // nil forgets them
	Pull      *http.Client // for addresses that people give us; nil refuses pulls
	Watch     []Watch
	Dir       string // absolute; working files, mode 0700
	Remote    bool   // steps may run on another machine: store originals before their job starts
	Away      bool   // no step runs here: with Remote, what arrived is not kept here
	Limits    Limits
	Now       func() time.Time // the wall clock; nil is time.Now
	Log       *slog.Logger     // nil discards
}

// Service is the room. It is safe for concurrent use. Every verb asks access first and works in the caller's tenant only.
type Service struct {
	deps        Deps
	builtIns    map[string]Template
	board       *board
	space       *space
	uploads     http.Handler
	hashes      hashStore
	uploadLocks *memorylocker.MemoryLocker
	expiring    sync.Map // upload id to the moment it first looked abandoned
	ladders     sync.Map // job to its planned work after the complexity probe
	indexes     sync.Map // media.Ref to *sync.Mutex: one writer of an index at a time
}

// New makes the room and its working folders. fault.Unavailable when the folders cannot be made.
func New(d Deps) (*Service, error) {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	d.Limits = d.Limits.withDefaults()
	s := &Service{deps: d, builtIns: map[string]Template{}}
	all, err := BuiltIn()
	if err != nil {
		return nil, err
	}
	for _, t := range all {
		s.builtIns[t.Name] = t
	}
	for _, dir := range []string{s.uploadDir(), s.arrivalDir(), s.jobsDir()} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fault.E("ingest.new", dir, fault.Unavailable, err)
		}
	}
	s.space = newSpace(d.Dir, d.Limits.ReserveBytes)
	s.board = newBoard(s)
	if s.uploads, err = s.newUploads(); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Service) uploadDir() string  { return filepath.Join(s.deps.Dir, "uploads") }
func (s *Service) arrivalDir() string { return filepath.Join(s.deps.Dir, "arriving") }
func (s *Service) jobsDir() string    { return filepath.Join(s.deps.Dir, "jobs") }

// may asks access and returns the caller.
func (s *Service) may(ctx context.Context, action string, on access.Resource) (access.Who, error) {
	return access.WhoFrom(ctx), s.deps.Access.Check(ctx, action, on)
}

// asSystem is the context of the room's own work for a tenant.
func asSystem(ctx context.Context, tenant string) context.Context {
	return access.With(ctx, access.System(tenant))
}

// Job returns one job. fault.NotFound "no-job".
func (s *Service) Job(ctx context.Context, id string) (Job, error) {
	who, err := s.may(ctx, "job:read", access.Resource{Kind: "job", ID: id})
	if err != nil {
		return Job{}, err
	}
	j, err := loadJob(ctx, s.deps.DB.Read(), who.Tenant, id)
	if err != nil {
		return Job{}, fault.E("ingest.job", id, "", err)
	}
	return s.board.fresh(j.Job), nil
}

// Jobs lists the caller's tenant's jobs, newest first.
func (s *Service) Jobs(ctx context.Context, q JobQuery) ([]Job, error) {
	who, err := s.may(ctx, "job:read", access.Resource{Kind: "job"})
	if err != nil {
		return nil, err
	}
	if q.Limit <= 0 || q.Limit > 200 {
		q.Limit = 50
	}
	jobs, err := listJobs(ctx, s.deps.DB.Read(), who.Tenant, q)
	if err != nil {
		return nil, fault.E("ingest.jobs", "", "", err)
	}
	for n := range jobs {
		jobs[n] = s.board.fresh(jobs[n])
	}
	return jobs, nil
}

// Templates lists the newest version of every template, the tenant's own in place of a built-in of the same name.
func (s *Service) Templates(ctx context.Context) ([]Template, error) {
	who, err := s.may(ctx, "template:read", access.Resource{Kind: "template"})
	if err != nil {
		return nil, err
	}
	own, err := listTemplates(ctx, s.deps.DB.Read(), who.Tenant)
	if err != nil {
		return nil, fault.E("ingest.templates", "", "", err)
	}
	all, err := BuiltIn()
	if err != nil {
		return nil, err
	}
	for _, o := range own {
		all = replaceOrAppend(all, o)
	}
	return all, nil
}

func replaceOrAppend(all []Template, t Template) []Template {
	for n := range all {
		if all[n].Name == t.Name {
			all[n] = t
			return all
		}
	}
	return append(all, t)
}

// Template returns a template; version 0 is the newest. fault.NotFound "no-template".
func (s *Service) Template(ctx context.Context, name string, version int) (Template, error) {
	who, err := s.may(ctx, "template:read", access.Resource{Kind: "template", ID: name})
	if err != nil {
		return Template{}, err
	}
	return s.template(ctx, who.Tenant, name, version)
}

func (s *Service) template(ctx context.Context, tenant, name string, version int) (Template, error) {
	if name == "" {
		name = DefaultTemplate
	}
	t, ok, err := loadTemplate(ctx, s.deps.DB.Read(), tenant, name, version)
	if err != nil {
		return Template{}, fault.E("ingest.template", name, "", err)
	}
	if ok {
		return t, nil
	}
	if t, ok = s.builtIns[name]; ok && (version == 0 || version == t.Version) {
		return t, nil
	}
	return Template{}, fault.Say("ingest.template", name, fault.NotFound, "no-template", "There is no template %q; GET /v1/templates lists them.", name)
}

// PutTemplate stores a new version of a template of the tenant and returns it. fault.Invalid "bad-template".
func (s *Service) PutTemplate(ctx context.Context, t Template) (Template, error) {
	who, err := s.may(ctx, "template:write", access.Resource{Kind: "template", ID: t.Name})
	if err != nil {
		return Template{}, err
	}
	if err := t.Check(); err != nil {
		return Template{}, err
	}
	err = s.deps.DB.Write(ctx, func(tx *sqldb.Tx) error {
		last, ok, err := loadTemplate(ctx, tx, who.Tenant, t.Name, 0)
		if err != nil {
			return err
		}
		if !ok {
			last = s.builtIns[t.Name]
		}
		t.Version, t.CreatedMS, t.BuiltIn = last.Version+1, sqldb.NowMS(), false
		if err := insertTemplate(ctx, tx, who.Tenant, t); err != nil {
			return err
		}
		return s.deps.Audit.Write(ctx, tx, audit.Entry{Tenant: who.Tenant, Actor: who.ID, ActorKind: who.Kind, Action: "template:write", Subject: t.Name, Data: map[string]any{"version": t.Version}})
	})
	if fault.Is(err, fault.Conflict) {
		return Template{}, fault.E("ingest.template", t.Name, fault.Stale, err)
	}
	return t, err
}
