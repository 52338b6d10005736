package ingest

import (
	"context"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"showreel/engine/blob"
	"showreel/fault"
	"showreel/media"
	"showreel/platform/sqldb"
	"showreel/product/library"
	"showreel/trust/access"
)

// Arrival is a complete file that has come in by one of the doors.
type Arrival struct {
	Path        string            // a file of ours with mode 0600, which register takes over
	Bytes       int64             //
	SHA256      string            // lower-case hex of its bytes
	Name        string            // as the outside gave it
	Folder      string            // of a folder upload, made safe; becomes the field "folder"
	Template    string            // "" is the default
	Lane        string            // "" is the template's
	Priority    int               // 0 is the template's
	Collections []string          // ids
	Title       string            // "" is made from the name
	Description string            //
	Tags        []string          //
	Fields      map[string]string //
	Rights      library.Rights    //
	Asset       string            // a new version of this asset; "" makes a new one
}

// Received says what became of an arrival.
type Received struct {
	Asset     string `json:"asset"`
	Version   int    `json:"version"`
	Job       string `json:"job,omitempty"`
	Duplicate bool   `json:"duplicate,omitempty" doc:"the very same bytes were here already; asset names them"`
	SHA256    string `json:"sha256"`
}

// start is the input of the workflow.
type start struct {
	Job             string `json:"job"`
	Tenant          string `json:"tenant"`
	Asset           string `json:"asset"`
	Version         int    `json:"version"`
	SHA256          string `json:"sha256"`
	Name            string `json:"name"`
	Bytes           int64  `json:"bytes"`
	Template        string `json:"template"`
	TemplateVersion int    `json:"templateVersion"`
}

func (in start) ref() media.Ref {
	return media.Ref{Tenant: in.Tenant, Asset: in.Asset, Version: in.Version}
}

// rawKey is where the original lies in the raw store: content-addressed within the tenant.
func rawKey(tenant, sha string) string { return tenant + "/src/" + sha[:2] + "/" + sha }

// flowIngest is the workflow's name; stored with every run, it never changes.
const flowIngest = "ingest"

// register takes a file over: asset, version, job and the start of the workflow in one transaction. The very same bytes
// as an asset outside the trash give that asset and no job. On success or for a duplicate the file is gone from where it
// was; on an error it is left.
func (s *Service) register(ctx context.Context, a Arrival) (Received, error) {
	who, err := s.may(ctx, "upload:create", access.Resource{Kind: "upload"})
	if err != nil {
		return Received{}, err
	}
	if a.Bytes == 0 {
		return Received{}, fault.Say("ingest.receive", a.Name, fault.Invalid, "empty-file", "The file is empty. Upload it again from a complete copy.")
	}
	t, err := s.template(ctx, who.Tenant, a.Template, 0)
	if err != nil {
		return Received{}, err
	}
	if rec, ok, err := s.duplicate(ctx, who.Tenant, a); err != nil || ok {
		return rec, errOr(err, func() error { return os.Remove(a.Path) })
	}
	job := s.newJob(who.Tenant, t, a)
	source := s.sourcePath(job.ID)
	if err := takeOver(a.Path, source); err != nil {
		return Received{}, blob.FileFault("ingest.receive", a.Name, err)
	}
	giveBack := func() {
		_ = errOr(os.Rename(source, a.Path), func() error { return os.RemoveAll(filepath.Dir(source)) })
	}
	if s.deps.Remote {
		if err := s.seal(ctx, who.Tenant, a.SHA256, source); err != nil {
			giveBack()
			return Received{}, err
		}
	}
	rec, err := s.enter(ctx, who.Tenant, a, job)
	if err != nil {
		giveBack()
		return Received{}, err
	}
	if rec.Duplicate || s.deps.Remote && s.deps.Away {
		return rec, os.RemoveAll(filepath.Dir(source))
	}
	return rec, nil
}

func errOr(err error, then func() error) error {
	if err != nil {
		return err
	}
	return then()
}

// takeOver moves a file into its job's folder.
func takeOver(from, to string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	if err := os.Chmod(from, 0o600); err != nil {
		return err
	}
	return os.Rename(from, to)
}

func (s *Service) newJob(tenant string, t Template, a Arrival) Job {
	j := Job{ID: sqldb.NewID(), Tenant: tenant, Name: library.CleanName(a.Name), Template: t.Name, TemplateVersion: t.Version,
		Lane: a.Lane, Priority: a.Priority, State: Queued, Stage: StageProbe, Attempt: 1, CreatedMS: s.deps.Now().UnixMilli(),
		Kind: string(sniffKind(a)), WaitsFor: "its turn"}
	if j.Lane == "" {
		j.Lane = t.Lane
	}
	if !validLane(j.Lane) {
		j.Lane = LaneNormal
	}
	if j.Priority == 0 {
		j.Priority = t.Priority
	}
	j.Stages = newStages(media.Kind(j.Kind))
	return j
}

// duplicate finds the asset that has the very same bytes.
func (s *Service) duplicate(ctx context.Context, tenant string, a Arrival) (Received, bool, error) {
	if a.Asset != "" {
		return Received{}, false, nil
	}
	src, ok, err := findSource(ctx, s.deps.DB.Read(), tenant, a.SHA256)
	if err != nil || !ok {
		return Received{}, false, err
	}
	return s.alive(ctx, s.deps.Library, src, a)
}

// alive reports whether the asset of a source is still outside the trash.
func (s *Service) alive(ctx context.Context, lib *library.Service, src source, a Arrival) (Received, bool, error) {
	who := access.WhoFrom(ctx)
	asset, err := lib.Get(asSystem(ctx, who.Tenant), src.Asset)
	switch {
	case fault.Is(err, fault.NotFound):
		return Received{}, false, nil
	case err != nil:
		return Received{}, false, err
	case asset.State == library.Trashed:
		return Received{}, false, nil
	}
	return Received{Asset: src.Asset, Version: src.Version, Job: src.Job, Duplicate: true, SHA256: a.SHA256}, true, nil
}

// enter writes everything about the arrival in one transaction. Two arrivals of the same bytes meet at the unique key
// of ingest_sources: one wins, the other learns of it.
func (s *Service) enter(ctx context.Context, tenant string, a Arrival, job Job) (Received, error) {
	var rec Received
	err := s.deps.DB.Write(ctx, func(tx *sqldb.Tx) error {
		lib := s.deps.Library.InTx(tx)
		src, taken, err := findSource(ctx, tx, tenant, a.SHA256)
		if err != nil {
			return err
		}
		if taken && a.Asset == "" {
			dup, alive, err := s.alive(ctx, lib, src, a)
			if err != nil || alive {
				rec = dup
				return err
			}
		}
		if err := s.addTo(ctx, lib, a, &job); err != nil {
			return err
		}
		mine := source{Asset: job.Asset, Version: job.Version, Job: job.ID}
		if taken {
			err = moveSource(ctx, tx, tenant, a.SHA256, mine)
		} else if won, claimErr := claimSource(ctx, tx, tenant, a.SHA256, mine); claimErr != nil || !won {
			err = raceLost(claimErr)
		}
		if err != nil {
			return err
		}
		rec = Received{Asset: job.Asset, Version: job.Version, Job: job.ID, SHA256: a.SHA256}
		return s.begin(ctx, tx, job, a.SHA256, a.Bytes)
	})
	if fault.CodeOf(err) == codeRace {
		if dup, ok, dupErr := s.duplicate(ctx, tenant, a); dupErr != nil || ok {
			return dup, dupErr
		}
	}
	return rec, err
}

const codeRace = "same-file-arriving"

func raceLost(err error) error {
	if err != nil {
		return err
	}
	return fault.Say("ingest.receive", "", fault.Conflict, codeRace, "The very same file arrived at the same moment; try again.")
}

// addTo makes the asset, or a new version of one.
func (s *Service) addTo(ctx context.Context, lib *library.Service, a Arrival, job *Job) error {
	in := library.VersionIn{SHA256: a.SHA256, Key: rawKey(job.Tenant, a.SHA256), Name: a.Name, Bytes: a.Bytes}
	if a.Asset != "" {
		v, err := lib.AddVersion(ctx, a.Asset, in)
		job.Asset, job.Version = a.Asset, v.Number
		return err
	}
	fields := a.Fields
	if a.Folder != "" {
		fields = map[string]string{"folder": a.Folder}
		for k, v := range a.Fields {
			fields[k] = v
		}
	}
	asset, err := lib.Create(ctx, library.NewAsset{Name: a.Name, Title: a.Title, Description: a.Description, Tags: a.Tags,
		Fields: fields, Rights: a.Rights, Collections: a.Collections, Original: &in})
	job.Asset, job.Version = asset.ID, asset.Version
	return err
}

// begin writes the job and the start of its workflow.
func (s *Service) begin(ctx context.Context, tx *sqldb.Tx, job Job, sha string, bytes int64) error {
	if err := insertJob(ctx, tx, job); err != nil {
		return err
	}
	in := start{Job: job.ID, Tenant: job.Tenant, Asset: job.Asset, Version: job.Version, SHA256: sha, Name: job.Name, Bytes: bytes,
		Template: job.Template, TemplateVersion: job.TemplateVersion}
	if err := s.deps.Flow.StartIn(ctx, tx, flowIngest, job.ID, in); err != nil {
		return err
	}
	data := map[string]any{"job": job.ID, "version": job.Version, "sha256": sha, "bytes": bytes, "name": job.Name, "template": job.Template}
	if err := s.deps.Outbox.Write(ctx, tx, job.Tenant, "asset.received", job.Asset, data); err != nil {
		return err
	}
	return s.deps.Outbox.Write(ctx, tx, job.Tenant, "job.changed", job.ID, summary(job))
}

// summary is what job.changed carries: enough to draw a row without asking.
func summary(j Job) map[string]any {
	return map[string]any{"job": j.ID, "asset": j.Asset, "name": j.Name, "state": j.State, "stage": j.Stage, "progress": j.Progress,
		"waitsFor": j.WaitsFor, "estimateMs": j.EstimateMS, "playableMs": j.PlayableMS, "error": j.Error}
}

// Extensions that say more than the first bytes do.
var (
	textExtensions  = []string{".txt", ".md", ".srt", ".vtt", ".html", ".csv", ".json", ".ttml", ".ass", ".stl"}
	imageExtensions = []string{".jpg", ".jpeg", ".png", ".gif", ".webp", ".tif", ".tiff", ".bmp", ".heic", ".avif", ".exr", ".dng"}
	audioExtensions = []string{".mp3", ".wav", ".flac", ".aac", ".m4a", ".ogg", ".opus", ".aif", ".aiff", ".wma", ".ac3"}
)

// sniffKind guesses the kind for the job's stages before the file is probed.
func sniffKind(a Arrival) media.Kind {
	ext := strings.ToLower(path.Ext(a.Name))
	switch {
	case slices.Contains(textExtensions, ext):
		return media.Text
	case slices.Contains(imageExtensions, ext):
		return media.Image
	case slices.Contains(audioExtensions, ext):
		return media.Audio
	}
	return media.Video
}
