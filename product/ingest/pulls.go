package ingest

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"time"

	"showreel/engine/flow"
	"showreel/fault"
	"showreel/platform/sqldb"
	"showreel/product/library"
	"showreel/trust/access"
	"showreel/trust/audit"
)

// flowPull is the workflow's name; stored with every run, it never changes.
const flowPull = "ingest.pull"

// Pull is a file that is fetched from an address.
type Pull struct {
	ID        string    `json:"id"`
	Tenant    string    `json:"-"`
	URL       string    `json:"url"`
	Template  string    `json:"template,omitempty"`
	Name      string    `json:"name,omitempty"`
	State     State     `json:"state" enum:"queued,running,done,failed"`
	Bytes     int64     `json:"bytes" doc:"received so far"`
	Total     int64     `json:"total,omitempty" doc:"announced, 0 where unknown"`
	Asset     string    `json:"asset,omitempty"`
	Job       string    `json:"job,omitempty"`
	Duplicate bool      `json:"duplicate,omitempty"`
	Error     *JobError `json:"error,omitempty"`
	CreatedMS int64     `json:"createdMs"`
}

// PullIn is what Pull takes.
type PullIn struct {
	URL        string
	Template   string
	Name       string // "" is the server's or the address's
	Collection string
}

// pullStart is the input of the workflow.
type pullStart struct {
	ID         string `json:"id"`
	Tenant     string `json:"tenant"`
	URL        string `json:"url"`
	Template   string `json:"template"`
	Name       string `json:"name"`
	Collection string `json:"collection,omitempty"`
}

// fetched is a file that came by a pull.
type fetched struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// Pull fetches a file in the background and takes it in. fault.Invalid "bad-url"; what fails later is in its row.
func (s *Service) Pull(ctx context.Context, in PullIn) (Pull, error) {
	const op = "ingest.pull"
	who, err := s.may(ctx, "upload:create", access.Resource{Kind: "upload"})
	if err != nil {
		return Pull{}, err
	}
	if s.deps.Pull == nil {
		return Pull{}, fault.Say(op, "", fault.Unavailable, "pulls-off", "Fetching from addresses is switched off on this server.")
	}
	u, err := url.Parse(in.URL)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil || len(in.URL) > 4096 {
		return Pull{}, fault.Say(op, "", fault.Invalid, "bad-url", "Give an address that starts with http:// or https:// and holds no password.")
	}
	if _, err := s.template(ctx, who.Tenant, in.Template, 0); err != nil {
		return Pull{}, err
	}
	p := Pull{ID: sqldb.NewID(), Tenant: who.Tenant, URL: in.URL, Template: in.Template, Name: in.Name, State: Queued, CreatedMS: sqldb.NowMS()}
	err = s.deps.DB.Write(ctx, func(tx *sqldb.Tx) error {
		if err := putPull(ctx, tx, p); err != nil {
			return err
		}
		if err := s.deps.Audit.Write(ctx, tx, audit.Entry{Tenant: who.Tenant, Actor: who.ID, ActorKind: who.Kind, Action: "upload:pull", Subject: p.ID, Data: map[string]any{"host": u.Host}}); err != nil {
			return err
		}
		return s.deps.Flow.StartIn(ctx, tx, flowPull, p.ID, pullStart{ID: p.ID, Tenant: p.Tenant, URL: p.URL, Template: p.Template, Name: p.Name, Collection: in.Collection})
	})
	return p, err
}

// PullByID returns one pull. fault.NotFound "no-pull".
func (s *Service) PullByID(ctx context.Context, id string) (Pull, error) {
	who, err := s.may(ctx, "job:read", access.Resource{Kind: "job", ID: id})
	if err != nil {
		return Pull{}, err
	}
	return loadPull(ctx, s.deps.DB.Read(), who.Tenant, id)
}

// Pulls lists the tenant's newest pulls.
func (s *Service) Pulls(ctx context.Context) ([]Pull, error) {
	who, err := s.may(ctx, "job:read", access.Resource{Kind: "job"})
	if err != nil {
		return nil, err
	}
	return collect(ctx, s.deps.DB.Read(), func(rows *sql.Rows) (Pull, error) { return scanPull(rows) },
		`SELECT tenant, body FROM ingest_pulls WHERE tenant=$1 ORDER BY id DESC LIMIT 100`, who.Tenant)
}

// pull is the workflow: fetch, then register.
func (s *Service) pull(c flow.Ctx, in pullStart) (Received, error) {
	got, err := flow.Do(c, "fetch", func(ctx context.Context) (fetched, error) {
		return s.fetch(asSystem(ctx, in.Tenant), in)
	}, flow.WithRetry(3, 2*time.Second))
	var rec Received
	if err == nil {
		rec, err = flow.Do(c, "register", func(ctx context.Context) (Received, error) {
			return s.arrive(asSystem(ctx, in.Tenant), in, got)
		}, flow.WithRetry(stepRetries, time.Second))
	}
	if err != nil && c.Err() == nil && !fault.Is(err, fault.Canceled) {
		ctx := context.WithoutCancel(c)
		err = errors.Join(err, s.editPull(ctx, in, func(p *Pull) {
			p.State, p.Error = Failed, &JobError{Code: fault.CodeOf(err), Text: fault.TextOf(err)}
		}), ignoreMissing(os.Remove(s.pullPath(in.ID))))
	}
	return rec, err
}

func (s *Service) pullPath(id string) string { return filepath.Join(s.arrivalDir(), "pull-"+id) }

// fetch copies the address's file here.
func (s *Service) fetch(ctx context.Context, in pullStart) (fetched, error) {
	const op = "ingest.pull"
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, in.URL, nil)
	if err != nil {
		return fetched{}, fault.Say(op, in.ID, fault.Invalid, "bad-url", "The address cannot be read.")
	}
	resp, err := s.deps.Pull.Do(req)
	if err != nil {
		return fetched{}, fault.E(op, in.ID, "", err)
	}
	defer resp.Body.Close()
	if err := answered(in.ID, resp); err != nil {
		return fetched{}, err
	}
	if err := s.space.admit(op, in.ID, max(resp.ContentLength, 0)); err != nil {
		return fetched{}, err
	}
	if err := s.quota(ctx, in.Tenant, max(resp.ContentLength, 0)); err != nil {
		return fetched{}, err
	}
	if err := s.editPull(ctx, in, func(p *Pull) { p.State, p.Total = Running, max(resp.ContentLength, 0) }); err != nil {
		return fetched{}, err
	}
	n, sha, err := receive(resp.Body, s.pullPath(in.ID), s.deps.Limits.UploadBytes)
	if err != nil {
		return fetched{}, err
	}
	if resp.ContentLength >= 0 && n != resp.ContentLength {
		return fetched{}, fault.Say(op, in.ID, fault.Unavailable, "cut-off", "The address sent %d of %d bytes; it is tried again.", n, resp.ContentLength)
	}
	return fetched{Name: nameOf(in, resp), Bytes: n, SHA256: sha}, nil
}

// answered turns a status into a sentence; only those that may change are tried again.
func answered(id string, resp *http.Response) error {
	switch {
	case resp.StatusCode == http.StatusOK:
		return nil
	case resp.StatusCode == http.StatusTooManyRequests, resp.StatusCode >= 500:
		return fault.Say("ingest.pull", id, fault.Unavailable, "address-busy", "The address answered %s; try again later.", resp.Status)
	}
	return fault.Say("ingest.pull", id, fault.Invalid, "address-refused", "The address answered %s; check it and whether it is public.", resp.Status)
}

// nameOf chooses the file's name: what the person said, what the server says, the address's last element.
func nameOf(in pullStart, resp *http.Response) string {
	if in.Name != "" {
		return in.Name
	}
	if _, params, err := mime.ParseMediaType(resp.Header.Get("Content-Disposition")); err == nil && params["filename"] != "" {
		return params["filename"]
	}
	return path.Base(resp.Request.URL.Path)
}

// arrive registers the file. When it is done again after a crash the file may be gone, and the asset known by its hash.
func (s *Service) arrive(ctx context.Context, in pullStart, f fetched) (Received, error) {
	a := Arrival{Path: s.pullPath(in.ID), Bytes: f.Bytes, SHA256: f.SHA256, Name: f.Name, Template: in.Template, Rights: library.Rights{Source: in.URL}}
	if in.Collection != "" {
		a.Collections = []string{in.Collection}
	}
	rec, err := s.register(ctx, a)
	if errors.Is(err, os.ErrNotExist) {
		var ok bool
		if rec, ok, err = s.duplicate(ctx, in.Tenant, a); err == nil && !ok {
			err = fault.Say("ingest.pull", in.ID, fault.Internal, "file-lost", "The fetched file was lost; pull it again.")
		}
	}
	if err != nil {
		return rec, err
	}
	return rec, s.editPull(ctx, in, func(p *Pull) {
		p.State, p.Bytes, p.Name, p.Asset, p.Job, p.Duplicate = Done, f.Bytes, library.CleanName(f.Name), rec.Asset, rec.Job, rec.Duplicate
	})
}

func (s *Service) editPull(ctx context.Context, in pullStart, fn func(*Pull)) error {
	return s.deps.DB.Write(ctx, func(tx *sqldb.Tx) error {
		p, err := loadPull(ctx, tx, in.Tenant, in.ID)
		if err != nil {
			return err
		}
		fn(&p)
		return putPull(ctx, tx, p)
	})
}

func putPull(ctx context.Context, q sqldb.Querier, p Pull) error {
	body, err := json.Marshal(p)
	if err != nil {
		return fault.E("ingest.pull", p.ID, fault.Internal, err)
	}
	_, err = q.ExecContext(ctx, `INSERT INTO ingest_pulls (id, tenant, body, created_ms, updated_ms) VALUES ($1,$2,$3,$4,$5)
		ON CONFLICT (id) DO UPDATE SET body=excluded.body, updated_ms=excluded.updated_ms`, p.ID, p.Tenant, string(body), p.CreatedMS, sqldb.NowMS())
	return err
}

func scanPull(row scanner) (Pull, error) {
	var p Pull
	var tenant, body string
	if err := row.Scan(&tenant, &body); err != nil {
		return p, err
	}
	if err := json.Unmarshal([]byte(body), &p); err != nil {
		return p, fault.E("ingest.pull", "", fault.Corrupt, err)
	}
	p.Tenant = tenant
	return p, nil
}

func loadPull(ctx context.Context, q sqldb.Querier, tenant, id string) (Pull, error) {
	p, err := scanPull(q.QueryRowContext(ctx, `SELECT tenant, body FROM ingest_pulls WHERE id=$1 AND tenant=$2`, id, tenant))
	if sqldb.NotFound(err) {
		return p, fault.Say("ingest.pull", id, fault.NotFound, "no-pull", "There is no such pull.")
	}
	return p, err
}
