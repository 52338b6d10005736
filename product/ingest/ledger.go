package ingest

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"showreel/engine/blob"
	"showreel/engine/transcode"
	"showreel/fault"
	"showreel/platform/sqldb"
)

// chunk is a row of the chunk ledger: a finished task, or one rung of one, under the hash of everything it depends on.
type chunk struct {
	Key    string           `json:"-"`
	Kind   string           `json:"-"`
	Bytes  int64            `json:"-"`
	CPUMS  int64            `json:"-"`
	Files  []kept           `json:"files"`
	Result transcode.Result `json:"result"` // without files
	First  int64            `json:"first,omitempty"`
}

// kept is a file of a finished task in the processed store.
type kept struct {
	transcode.File
	Key string `json:"key"`
}

// kindRung is a row for one rung of a chunk, kept apart so that a changed template finds the rungs it did not touch.
const kindRung = "rung"

func chunkKey(tenant, key, name string) string { return tenant + "/c/" + key + "/" + name }

func findChunk(ctx context.Context, db *sqldb.DB, tenant, key string) (chunk, bool, error) {
	c := chunk{Key: key}
	var body string
	err := db.Read().QueryRowContext(ctx, `SELECT kind, result, bytes, cpu_ms FROM ingest_chunks WHERE tenant=$1 AND chunk=$2`, tenant, key).
		Scan(&c.Kind, &body, &c.Bytes, &c.CPUMS)
	if sqldb.NotFound(err) {
		return c, false, nil
	}
	if err != nil {
		return c, false, fault.E("ingest.ledger", key, "", err)
	}
	if err := json.Unmarshal([]byte(body), &c); err != nil {
		return c, false, fault.E("ingest.ledger", key, fault.Corrupt, err)
	}
	return c, true, nil
}

// putChunks writes rows as used at atMS.
func putChunks(ctx context.Context, db *sqldb.DB, tenant string, atMS int64, rows []chunk) error {
	return db.Write(ctx, func(tx *sqldb.Tx) error {
		for _, c := range rows {
			body, err := json.Marshal(c)
			if err != nil {
				return fault.E("ingest.ledger", c.Key, fault.Internal, err)
			}
			_, err = tx.ExecContext(ctx, `INSERT INTO ingest_chunks (tenant, chunk, kind, result, bytes, cpu_ms, created_ms, used_ms) VALUES ($1,$2,$3,$4,$5,$6,$7,$7)
				ON CONFLICT (tenant, chunk) DO UPDATE SET kind=excluded.kind, result=excluded.result, bytes=excluded.bytes, cpu_ms=excluded.cpu_ms, created_ms=excluded.created_ms, used_ms=excluded.used_ms`,
				tenant, c.Key, c.Kind, string(body), c.Bytes, c.CPUMS, atMS)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// touchChunk notes that a finished task and its rungs were of use again at atMS.
func touchChunk(ctx context.Context, db *sqldb.DB, tenant string, atMS int64, it item) error {
	keys := []string{it.Key}
	for _, o := range it.Outputs {
		keys = append(keys, o.Key)
	}
	return db.Write(ctx, func(tx *sqldb.Tx) error {
		for _, key := range keys {
			if _, err := tx.ExecContext(ctx, `UPDATE ingest_chunks SET used_ms=$1 WHERE tenant=$2 AND chunk=$3`, atMS, tenant, key); err != nil {
				return err
			}
		}
		return nil
	})
}

// chunkOf reads a row that a finished step left.
func (w work) chunkOf(ctx context.Context, key string) (chunk, error) {
	c, ok, err := findChunk(ctx, w.s.deps.DB, w.in.Tenant, key)
	if err == nil && !ok {
		err = fault.Say("ingest.ledger", key, fault.Unavailable, "chunk-gone", "A finished part of this job is no longer there; process the asset again.")
	}
	return c, err
}

// usedMS is the moment a row is of use to the job, never before the job itself: the sweep keeps what is younger than the
// oldest unfinished job, and a wall clock that steps back must not make a new row look older than that.
func (w work) usedMS() int64 { return max(w.s.deps.Now().UnixMilli(), w.s.board.created(w.in.Job)) }

// holds reports whether every file of the row is still in the store.
func (w work) holds(ctx context.Context, c chunk) bool {
	return !slices.ContainsFunc(c.Files, func(f kept) bool {
		info, err := w.s.deps.Blobs.Processed.Stat(ctx, f.Key)
		return err != nil || info.Size != f.Bytes
	})
}

// heldRungs finds the rungs of a chunk that an earlier run with the same settings made, and takes them off the task.
func (w work) heldRungs(ctx context.Context, it *item) ([]kept, error) {
	var held []kept
	for _, o := range it.Outputs {
		row, ok, err := findChunk(ctx, w.s.deps.DB, w.in.Tenant, o.Key)
		if err != nil {
			return nil, err
		}
		if ok && len(row.Files) == 1 && w.holds(ctx, row) {
			f := row.Files[0]
			f.Name = o.Name
			held = append(held, f)
			it.Skip = append(it.Skip, o.Name)
		}
	}
	return held, nil
}

// keep stores a result's files and then its row, and one row for each rung.
func (w work) keep(ctx context.Context, it item, r transcode.Result, held []kept) (chunk, error) {
	row := chunk{Key: it.Key, Kind: it.Kind, CPUMS: r.CPUms, First: it.First, Files: held}
	rows := []chunk{}
	for _, f := range r.Files {
		key := chunkKey(w.in.Tenant, it.Key, f.Name)
		output := outputKey(it, f)
		if output != "" {
			key = chunkKey(w.in.Tenant, output, "rung")
		}
		if _, err := w.s.deps.Blobs.Processed.PutFile(ctx, key, f.Path, blob.PutOptions{Size: -1, SHA256: f.SHA256}); err != nil {
			return row, err
		}
		w.s.space.shrink(w.in.Job, f.Bytes)
		k := kept{File: f, Key: key}
		k.Path = ""
		row.Files = append(row.Files, k)
		row.Bytes += f.Bytes
		if output != "" {
			rows = append(rows, chunk{Key: output, Kind: kindRung, Bytes: f.Bytes, Files: []kept{k}, First: it.First})
		}
	}
	row.Result = r
	row.Result.Files = nil
	return row, putChunks(ctx, w.s.deps.DB, w.in.Tenant, w.usedMS(), append(rows, row))
}

func outputKey(it item, f transcode.File) string {
	if f.Role != transcode.RoleRung {
		return ""
	}
	for _, o := range it.Outputs {
		if o.Name == f.Name {
			return o.Key
		}
	}
	return ""
}

// sweepChunks removes ledger rows and their files that nobody has used for keep and no unfinished job may need. It
// returns how many rows went.
func (s *Service) sweepChunks(ctx context.Context, keep time.Duration) (int, error) {
	before := s.deps.Now().Add(-keep).UnixMilli()
	active, err := activeJobs(ctx, s.deps.DB.Read())
	if err != nil {
		return 0, err
	}
	for _, j := range active {
		before = min(before, j.CreatedMS)
	}
	type old struct{ tenant, key, kind, body string }
	rows, err := s.deps.DB.Read().QueryContext(ctx, `SELECT tenant, chunk, kind, result FROM ingest_chunks WHERE used_ms < $1 ORDER BY used_ms LIMIT 500`, before)
	if err != nil {
		return 0, fault.E("ingest.sweep", "", "", err)
	}
	var gone []old
	for rows.Next() {
		var o old
		if err := rows.Scan(&o.tenant, &o.key, &o.kind, &o.body); err != nil {
			_ = rows.Close()
			return 0, fault.E("ingest.sweep", "", "", err)
		}
		gone = append(gone, o)
	}
	if err := rows.Close(); err != nil {
		return 0, fault.E("ingest.sweep", "", "", err)
	}
	for n, o := range gone {
		if err := s.dropChunk(ctx, o.tenant, o.key, o.kind, o.body); err != nil {
			return n, err
		}
	}
	return len(gone), nil
}

// dropChunk removes the row first: a row without files would promise what is not there.
func (s *Service) dropChunk(ctx context.Context, tenant, key, kind, body string) error {
	err := s.deps.DB.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM ingest_chunks WHERE tenant=$1 AND chunk=$2`, tenant, key)
		return err
	})
	if err != nil {
		return err
	}
	var c chunk
	if err := json.Unmarshal([]byte(body), &c); err != nil {
		return fault.E("ingest.sweep", key, fault.Corrupt, err)
	}
	for _, f := range c.Files {
		if kind != kindRung && f.Role == transcode.RoleRung {
			continue // the rung has a row of its own
		}
		if err := s.deps.Blobs.Processed.Delete(ctx, f.Key); err != nil {
			return err
		}
	}
	return nil
}
