// Package dbosflow executes workflows with DBOS Transact on SQLite or Postgres. It is the default driver of engine/flow
// and holds nothing that a workflow function could see.
//
// On SQLite it needs a file of its own: beside 8 workflow loops in one shared file the business writes had a p99 of
// 2–4 s, in its own file 15 ms. synchronous is FULL, so that a finished step survives a power cut. The application
// version is fixed, for DBOS leaves pending work of another version alone. On Postgres every worker beats its heart, and
// the others take over the runs of one that has stopped. Source: github.com/dbos-inc/dbos-transact-golang v1.8.
package dbosflow

import (
	"context"
	"database/sql"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"
	_ "github.com/dbos-inc/dbos-transact-golang/dbos/driver/sqlite" // SQLite for DBOS, by modernc.org/sqlite
	"github.com/google/uuid"

	"showreel/engine/flow"
	"showreel/fault"
	"showreel/platform/sqldb"
)

const (
	appName      = "showreel"
	appVersion   = "1" // never changes: it is not the version of the product
	workflowName = "showreel.run"
	queueName    = "showreel"

	queuePoll     = 50 * time.Millisecond
	maxCrashes    = 50 // executions of one run that may die with the process before it is given up
	closeTimeout  = 15 * time.Second
	sqliteConns   = 8
	attributeName = "flow"
)

// Options says where the runs are kept.
type Options struct {
	// URL is "sqlite:/path/file.db", a file of its own, created when absent, for one process at a time; or "postgres://…".
	URL string
	// Worker names this process among the workers of one Postgres. Give it a name that outlives a restart, and no other
	// process has, and it takes up its own runs at once; empty picks a random one, whose runs wait for DeadAfter.
	Worker string
	// DeadAfter is how long a worker's heart may stand still before the others take over its runs; 0 is 10 s.
	DeadAfter time.Duration
	// Log receives the warnings; nil is slog.Default.
	Log *slog.Logger
}

// Driver is a flow.Driver.
type Driver struct {
	opt     Options
	ctx     dbos.Context
	db      *sqldb.DB // carried results and heartbeats, in the same database
	raw     *sql.DB   // DBOS's own handle, nil on Postgres
	runner  flow.Runner
	started bool
	closing atomic.Bool

	mu   sync.Mutex
	runs map[string]*execution // by key, the latest of this process

	sweep sweeper
}

var _ flow.Driver = (*Driver)(nil)

//go:embed schema/*.sql
var schemaFiles embed.FS

// Open connects and brings the tables up to date. Nothing is executed before Launch. Kinds: fault.Invalid for another
// kind of URL, fault.Unavailable where it cannot be reached.
func Open(ctx context.Context, o Options) (*Driver, error) {
	const op = "dbosflow.open"
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.DeadAfter <= 0 {
		o.DeadAfter = 10 * time.Second
	}
	db, err := openTables(ctx, o.URL)
	if err != nil {
		return nil, fault.E(op, "", "", err)
	}
	d := &Driver{opt: o, db: db, runs: map[string]*execution{}}
	if err := db.MigrateOther(ctx, func() error { return d.openDBOS(ctx) }); err != nil {
		return nil, errors.Join(fault.E(op, "", fault.Unavailable, err), d.closeHandles())
	}
	d.sweep.init(d)
	return d, nil
}

func openTables(ctx context.Context, url string) (*sqldb.DB, error) {
	db, err := sqldb.Open(ctx, url)
	if err != nil {
		return nil, err
	}
	if err := db.Migrate(ctx, sqldb.SchemaOf("dbosflow", schemaFiles)); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

func (d *Driver) openDBOS(ctx context.Context) error {
	cfg := dbos.Config{
		AppName:            appName,
		ApplicationVersion: appVersion,
		ExecutorID:         d.opt.Worker,
		Logger:             slog.New(quiet{d.opt.Log.Handler(), &d.closing}),
	}
	if d.db.Dialect() == sqldb.SQLite {
		cfg.ExecutorID = "local" // the file has one owner, who takes up its own runs
		raw, err := openSQLite(strings.TrimPrefix(d.opt.URL, "sqlite:"))
		if err != nil {
			return err
		}
		d.raw, cfg.SQLiteSystemDB = raw, raw
	} else {
		cfg.DatabaseURL = d.opt.URL
		if cfg.ExecutorID == "" {
			cfg.ExecutorID = "worker-" + uuid.NewString()
		}
	}
	c, err := dbos.NewContext(context.WithoutCancel(ctx), cfg)
	if err != nil {
		return err
	}
	d.ctx = c
	_, err = dbos.RegisterQueue(c, queueName, dbos.WithQueueBasePollingInterval(queuePoll), dbos.WithQueueOnConflict(dbos.QueueConflictAlwaysUpdate))
	if err != nil {
		return errors.Join(err, dbos.Shutdown(c, closeTimeout))
	}
	dbos.RegisterWorkflow(c, d.workflow, dbos.WithWorkflowName(workflowName), dbos.WithMaxRecoveryAttempts(maxCrashes))
	return nil
}

// openSQLite opens DBOS's handle: as DBOS would, but with synchronous=FULL and writers that queue.
func openSQLite(path string) (*sql.DB, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	q := url.Values{
		"_txlock": {"immediate"},
		"_pragma": {"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(ON)"},
	}
	raw, err := openQueued("file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode())
	if err != nil {
		return nil, err
	}
	raw.SetMaxOpenConns(sqliteConns)
	raw.SetMaxIdleConns(sqliteConns)
	return raw, nil
}

// Launch implements flow.Driver.
func (d *Driver) Launch(_ context.Context, run flow.Runner) error {
	d.runner = run
	dbos.ListenQueues(d.ctx, queueName)
	if err := d.sweep.beat(d.ctx); err != nil {
		return fault.E("dbosflow.launch", "", fault.Unavailable, err)
	}
	if err := dbos.Launch(d.ctx); err != nil {
		return fault.E("dbosflow.launch", "", fault.Unavailable, err)
	}
	d.started = true
	d.sweep.start()
	return nil
}

// Close implements flow.Driver.
func (d *Driver) Close(ctx context.Context) error {
	d.closing.Store(true)
	d.sweep.stop()
	timeout := closeTimeout
	if end, ok := ctx.Deadline(); ok {
		timeout = max(time.Until(end), time.Millisecond)
	}
	err := dbos.Shutdown(d.ctx, timeout)
	if err == nil && d.started {
		d.sweep.leave(ctx)
	}
	if err := errors.Join(err, d.closeHandles()); err != nil {
		return fault.E("dbosflow.close", "", fault.Internal, err)
	}
	return nil
}

func (d *Driver) closeHandles() error {
	err := d.db.Close()
	if d.raw != nil {
		err = errors.Join(err, d.raw.Close())
	}
	return err
}

// envelope is the input of the one DBOS workflow that stands for all of ours.
type envelope struct {
	Name  string          `json:"name"`
	Input json.RawMessage `json:"input"`
}

// Start implements flow.Driver.
func (d *Driver) Start(_ context.Context, name, key string, input json.RawMessage) error {
	const op = "dbosflow.start"
	raw, err := json.Marshal(envelope{Name: name, Input: input})
	if err != nil {
		return fault.E(op, key, fault.Internal, err)
	}
	_, err = dbos.Enqueue[string](d.ctx, queueName, workflowName, string(raw),
		dbos.WithEnqueueWorkflowID(key), dbos.WithEnqueueApplicationVersion(appVersion),
		dbos.WithEnqueueAttributes(map[string]any{attributeName: name}))
	if err != nil && !errors.Is(err, dbos.ErrWorkflowIDInUse) {
		return fault.E(op, key, fault.Unavailable, err)
	}
	return nil
}

// Signal implements flow.Driver.
func (d *Driver) Signal(_ context.Context, key, topic string, value json.RawMessage) error {
	if err := dbos.Send(d.ctx, key, string(value), topic); err != nil {
		return wrap("dbosflow.signal", key, err)
	}
	return nil
}

// Cancel implements flow.Driver. The record changes first: from then on nothing that the run does is recorded.
func (d *Driver) Cancel(_ context.Context, key string) error {
	if err := dbos.CancelWorkflow(d.ctx, key); err != nil {
		return wrap("dbosflow.cancel", key, err)
	}
	d.mu.Lock()
	x := d.runs[key]
	d.mu.Unlock()
	if x == nil {
		return nil // another process executes it, whose sweeper looks every second
	}
	if s, err := d.status(key, false); err == nil && s.Status == dbos.WorkflowStatusCancelled {
		x.interrupt(errCancelled)
	}
	return nil
}

// Status implements flow.Driver.
func (d *Driver) Status(_ context.Context, key string) (flow.Status, error) {
	s, err := d.status(key, true)
	if err != nil {
		return flow.Status{}, err
	}
	out := flow.Status{Key: key, State: stateOf(s.Status), StartedMS: ms(s.StartedAt), EndedMS: ms(s.CompletedAt)}
	out.Name, _ = s.Attributes[attributeName].(string)
	switch out.State {
	case flow.Failed:
		f := failureOf(s)
		out.Error = &f
	case flow.Done:
		text, err := listed(s.Output)
		if err != nil {
			return flow.Status{}, fault.E("dbosflow.status", key, fault.Corrupt, err)
		}
		out.Output = json.RawMessage(text)
	}
	return out, nil
}

// status reads one row.
func (d *Driver) status(key string, output bool) (dbos.WorkflowStatus, error) {
	rows, err := dbos.ListWorkflows(d.ctx, dbos.WithFilterWorkflowIDs(key), dbos.WithFilterLoadInput(false), dbos.WithFilterLoadOutput(output))
	if err != nil {
		return dbos.WorkflowStatus{}, fault.E("dbosflow.status", key, fault.Unavailable, err)
	}
	if len(rows) == 0 {
		return dbos.WorkflowStatus{}, fault.Say("dbosflow.status", key, fault.NotFound, "flow-not-found", "There is no run %q.", key)
	}
	return rows[0], nil
}

func stateOf(s dbos.WorkflowStatusType) flow.State {
	switch s {
	case dbos.WorkflowStatusPending:
		return flow.Running
	case dbos.WorkflowStatusSuccess:
		return flow.Done
	case dbos.WorkflowStatusCancelled:
		return flow.Cancelled
	case dbos.WorkflowStatusError, dbos.WorkflowStatusMaxRecoveryAttemptsExceeded:
		return flow.Failed
	}
	return flow.Pending
}

// failureOf reads why a run failed.
func failureOf(s dbos.WorkflowStatus) flow.SavedFault {
	if s.Status == dbos.WorkflowStatusMaxRecoveryAttemptsExceeded {
		return flow.SavedFault{Kind: fault.Internal, Code: "flow-crash-loop", Text: fmt.Sprintf("The server stopped %d times while it worked on this, so it was given up; retry it when the cause is known.", maxCrashes)}
	}
	if s.Error == nil {
		return flow.SavedFault{Kind: fault.Internal, Code: string(fault.Internal)}
	}
	if f, ok := flow.Thaw(s.Error.Error()); ok {
		return f
	}
	return flow.Save(s.Error)
}

// listed decodes a value as DBOS's listings give it: the JSON text of a Go string.
func listed(v any) (string, error) {
	text, ok := v.(string)
	if !ok || text == "" {
		return "", nil
	}
	var out string
	err := json.Unmarshal([]byte(text), &out)
	return out, err
}

func ms(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// wrap gives a DBOS error its kind.
func wrap(op, key string, err error) error {
	if errors.Is(err, dbos.ErrNonExistentWorkflow) {
		return fault.Say(op, key, fault.NotFound, "flow-not-found", "There is no run %q.", key)
	}
	return fault.E(op, key, fault.Unavailable, err)
}

// quiet lets only errors of DBOS through, and none of a close: it reports ordinary ends of steps as warnings, its own
// interruption as errors, and chats.
type quiet struct {
	slog.Handler
	closing *atomic.Bool
}

func (q quiet) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelError && !q.closing.Load() && q.Handler.Enabled(ctx, l)
}

func (q quiet) WithAttrs(a []slog.Attr) slog.Handler {
	return quiet{q.Handler.WithAttrs(a), q.closing}
}

func (q quiet) WithGroup(n string) slog.Handler { return quiet{q.Handler.WithGroup(n), q.closing} }
