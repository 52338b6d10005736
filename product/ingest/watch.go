package ingest

import (
	"context"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"

	"showreel/fault"
	"showreel/platform/sqldb"
	"showreel/product/library"
)

// How watch folders are looked at. Notices only make it quick; the periodic look is what makes it sure, for notices get
// lost (network shares, overflow) and never tell of what came while the server was down.
const (
	watchEvery  = 10 * time.Second
	watchStable = 2 * time.Second // size and time must stand still this long before a file counts as complete
)

// unfinished are endings of files that another program is still writing.
var unfinished = []string{".part", ".partial", ".crdownload", ".tmp", ".download", ".filepart"}

// sight is a file as it was seen.
type sight struct {
	bytes int64
	modMS int64
}

// watcher looks after one folder.
type watcher struct {
	s    *Service
	w    Watch
	seen map[string]sight // the look before
}

// watch takes in what appears in the folder until ctx ends. Files are read, never moved or removed; a file that changes
// later comes in as the new file it is.
func (s *Service) watch(ctx context.Context, w Watch) {
	x := &watcher{s: s, w: w, seen: map[string]sight{}}
	notices, err := fsnotify.NewWatcher()
	if err != nil {
		s.deps.Log.WarnContext(ctx, "no notices about the watch folder; it is looked at every 10 s", "path", w.Path, "err", err)
		notices = &fsnotify.Watcher{}
	} else {
		defer func() { _ = notices.Close() }()
	}
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	soon := time.NewTimer(0)
	defer soon.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-notices.Events:
			soon.Reset(watchStable)
			continue
		case <-notices.Errors:
			continue
		case <-tick.C:
		case <-soon.C:
		}
		again, err := x.look(asSystem(ctx, w.Tenant), notices)
		if err != nil && ctx.Err() == nil {
			s.deps.Log.WarnContext(ctx, "the watch folder cannot be read; it is tried again", "path", w.Path, "err", err)
		}
		if again {
			soon.Reset(watchStable)
		}
	}
}

// look walks the folder once. again asks for another look soon, because some file has not stood still yet.
func (x *watcher) look(ctx context.Context, notices *fsnotify.Watcher) (again bool, err error) {
	now := map[string]sight{}
	err = filepath.WalkDir(x.w.Path, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			if path == x.w.Path {
				return err
			}
			return nil // it went away meanwhile
		}
		if strings.HasPrefix(d.Name(), ".") && path != x.w.Path {
			return skip(d)
		}
		if d.IsDir() {
			if notices.Events != nil {
				_ = notices.Add(path) // without notices the periodic look finds it
			}
			return nil
		}
		return x.file(ctx, path, d, now, &again)
	})
	x.seen = now
	return again, err
}

func skip(d fs.DirEntry) error {
	if d.IsDir() {
		return fs.SkipDir
	}
	return nil
}

// file takes one file in when it has stood still since the look before.
func (x *watcher) file(ctx context.Context, path string, d fs.DirEntry, now map[string]sight, again *bool) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if !d.Type().IsRegular() || hasSuffix(strings.ToLower(d.Name()), unfinished) {
		return nil
	}
	info, err := d.Info()
	if err != nil {
		return nil // it went away meanwhile
	}
	at := sight{bytes: info.Size(), modMS: info.ModTime().UnixMilli()}
	now[path] = at
	rel, err := filepath.Rel(x.w.Path, path)
	if err != nil {
		return nil
	}
	taken, err := takenBefore(ctx, x.s.deps.DB.Read(), x.w.Tenant, path, at)
	if err != nil || taken || at.bytes == 0 {
		return err
	}
	if before, ok := x.seen[path]; !ok || before != at {
		*again = true
		return nil
	}
	return x.take(ctx, path, rel, at)
}

// take takes a file in and remembers that, also when it was refused: a file that is refused is not tried every ten
// seconds, but again when it changes. What may pass (a full disk) is tried again.
func (x *watcher) take(ctx context.Context, path, rel string, at sight) error {
	rec, err := x.s.AddFile(ctx, path, Incoming{Folder: folderOf(rel), Template: x.w.Template,
		About: library.NewAsset{Rights: library.Rights{Source: "watch folder"}}})
	if err != nil && (fault.Transient(err) || fault.Is(err, fault.Canceled)) {
		return err
	}
	text := ""
	if err != nil {
		text = fault.TextOf(err)
		x.s.deps.Log.WarnContext(ctx, "a file of the watch folder was refused", "path", path, "err", err)
	}
	return x.s.deps.DB.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO ingest_watched (tenant, path, bytes, mod_ms, asset, job, error, taken_ms) VALUES ($1,$2,$3,$4,$5,$6,$7,$8)
			ON CONFLICT (tenant, path) DO UPDATE SET bytes=excluded.bytes, mod_ms=excluded.mod_ms, asset=excluded.asset, job=excluded.job, error=excluded.error, taken_ms=excluded.taken_ms`,
			x.w.Tenant, path, at.bytes, at.modMS, rec.Asset, rec.Job, text, sqldb.NowMS())
		return err
	})
}

func folderOf(rel string) string {
	if dir := filepath.ToSlash(filepath.Dir(rel)); dir != "." {
		return dir
	}
	return ""
}

func takenBefore(ctx context.Context, q sqldb.Querier, tenant, path string, at sight) (bool, error) {
	var n int
	err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM ingest_watched WHERE tenant=$1 AND path=$2 AND bytes=$3 AND mod_ms=$4`, tenant, path, at.bytes, at.modMS).Scan(&n)
	return n > 0, err
}

func hasSuffix(s string, endings []string) bool {
	for _, e := range endings {
		if strings.HasSuffix(s, e) {
			return true
		}
	}
	return false
}
