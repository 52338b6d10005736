package ingest

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"showreel/engine/blob"
	"showreel/engine/transcode"
	"showreel/fault"
	"showreel/media"
	"showreel/platform/cmaf"
	"showreel/platform/sqldb"
)

// indexKey is where delivery finds the index of a version.
func indexKey(ref media.Ref) string {
	return ref.Tenant + "/idx/" + ref.Asset + "/" + strconv.Itoa(ref.Version) + ".json"
}

func (w work) putBytes(ctx context.Context, key string, data []byte) error {
	_, err := w.s.deps.Blobs.Processed.Put(ctx, key, bytes.NewReader(data), blob.PutOptions{Size: int64(len(data))})
	return err
}

// editIndex lets fn alter the index of a version; one writer at a time, in this process and among those that share its
// database. fn may be called again.
func (s *Service) editIndex(ctx context.Context, ref media.Ref, fn func(x *cmaf.Index) error) error {
	lock, _ := s.indexes.LoadOrStore(ref, &sync.Mutex{})
	mu := lock.(*sync.Mutex) // the map holds nothing else
	mu.Lock()
	defer mu.Unlock()
	if s.deps.DB.Dialect() != sqldb.Postgres { // nobody else has the database
		return s.rewriteIndex(ctx, ref, fn)
	}
	return s.deps.DB.Write(ctx, func(tx *sqldb.Tx) error {
		if _, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock(hashtextextended($1, 0))`, indexKey(ref)); err != nil {
			return err
		}
		return s.rewriteIndex(ctx, ref, fn)
	})
}

// rewriteIndex reads the index, alters it and writes it.
func (s *Service) rewriteIndex(ctx context.Context, ref media.Ref, fn func(x *cmaf.Index) error) error {
	x := cmaf.Index{Version: cmaf.IndexVersion}
	data, err := s.readAll(ctx, indexKey(ref))
	switch {
	case fault.Is(err, fault.NotFound):
	case err != nil:
		return err
	default:
		if x, err = cmaf.DecodeIndex(data); err != nil {
			return err
		}
	}
	if err := fn(&x); err != nil {
		return err
	}
	x.Finish()
	if data, err = x.Encode(); err != nil {
		return err
	}
	_, err = s.deps.Blobs.Processed.Put(ctx, indexKey(ref), bytes.NewReader(data), blob.PutOptions{Size: int64(len(data))})
	return err
}

// grower stores the parts of the proxy as they come and lets the index grow, so that people watch while it is made.
type grower struct {
	w      work
	plan   transcode.Plan
	counts map[string]int // parts seen by track
	have   map[string]int // parts the index had when the proxy began
}

func (w work) grower(plan planned) *grower {
	return &grower{w: w, plan: plan.Plan, counts: map[string]int{}, have: map[string]int{}}
}

// emit is told of each part in order within its track. A repeat after a crash finds its parts in the index already and
// goes on where the index ends.
func (g *grower) emit(ctx context.Context, p transcode.Part) error {
	n := g.counts[p.Track]
	g.counts[p.Track]++
	if n == 0 {
		if err := g.remember(ctx, p.Track); err != nil {
			return err
		}
	}
	if n < g.have[p.Track] {
		return nil
	}
	if p.Path == "" { // the track ended with its last part
		return g.end(ctx, p.Track)
	}
	f, err := os.Open(p.Path)
	if err != nil {
		return blob.FileFault("ingest.preview", p.Track, err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return blob.FileFault("ingest.preview", p.Track, err)
	}
	track, err := cmaf.Scan(f, st.Size())
	if err != nil {
		return err
	}
	key := g.w.processedKey(filepath.Join("proxy", fmt.Sprintf("%s-%d", p.Track, n)))
	info, err := g.w.s.deps.Blobs.Processed.Put(ctx, key, f, blob.PutOptions{Size: st.Size()})
	if err != nil {
		return err
	}
	playable := false
	err = g.w.s.editIndex(ctx, g.w.in.ref(), func(x *cmaf.Index) error {
		if x.StartedMS == 0 {
			x.StartedMS = g.w.s.deps.Now().UnixMilli()
		}
		g.grow(x, p, n, cmaf.Part{Key: key, Size: info.Size, SHA256: info.SHA256}, track)
		playable = g.playable(x)
		return nil
	})
	if err != nil || !playable {
		return err
	}
	return g.w.playable(ctx)
}

// end marks a track complete.
func (g *grower) end(ctx context.Context, track string) error {
	return g.w.s.editIndex(ctx, g.w.in.ref(), func(x *cmaf.Index) error {
		if t := x.Track(track); t != nil {
			t.Complete = true
		}
		return nil
	})
}

// remember looks up how much of a track an interrupted try has published: viewers hold those segments.
func (g *grower) remember(ctx context.Context, track string) error {
	data, err := g.w.s.readAll(ctx, indexKey(g.w.in.ref()))
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	x, err := cmaf.DecodeIndex(data)
	if err != nil {
		return err
	}
	if t := x.Track(track); t != nil {
		g.have[track] = len(t.Parts)
	}
	return nil
}

// grow adds the part to its track unless the very same one is there.
func (g *grower) grow(x *cmaf.Index, p transcode.Part, n int, part cmaf.Part, segs cmaf.Track) {
	t := x.Track(p.Track)
	if t == nil {
		x.Tracks = append(x.Tracks, cmaf.Track{Name: p.Track})
		t = x.Track(p.Track)
	}
	if len(t.Parts) <= n {
		_ = t.Append(part, segs) // a part that does not follow is left out; the ladder comes anyway
	}
	t.Name, t.Role = p.Track, cmaf.RoleProxy
	if p.Track == transcode.ProxyAudio {
		t.Kind, t.Default = cmaf.KindAudio, true
		if a := g.plan.Info.Main("audio"); a != nil {
			t.Lang = a.Lang
		}
	} else {
		t.Kind, t.Rate, t.VideoRange = cmaf.KindVideo, g.plan.Rate, cmaf.RangeSDR
	}
	t.Complete = t.Complete || p.Last
}

// playable reports whether a player could start: picture, and sound if there will be any.
func (g *grower) playable(x *cmaf.Index) bool {
	if len(x.Of(cmaf.KindVideo)) == 0 {
		return false
	}
	return g.plan.Info.Main("audio") == nil || len(g.plan.Audios) == 0 || x.Track(transcode.ProxyAudio) != nil
}

// playable notes the first moment a player could start.
func (w work) playable(ctx context.Context) error {
	row, err := loadJob(ctx, w.s.deps.DB.Read(), w.in.Tenant, w.in.Job)
	if err != nil || row.PlayableMS != 0 {
		return err
	}
	_, err = w.s.change(ctx, w.in.Tenant, w.in.Job, func(j *Job) error {
		if j.PlayableMS == 0 {
			j.PlayableMS = j.from(w.s.deps.Now())
		}
		return nil
	}, func(tx *sqldb.Tx, _ Job) error {
		return w.s.deps.Outbox.Write(ctx, tx, w.in.Tenant, "asset.playable", w.in.Asset, map[string]any{"version": w.in.Version, "growing": true})
	})
	return err
}
