package ingest

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"showreel/engine/blob"
	"showreel/engine/transcode"
	"showreel/media"
	"showreel/platform/cmaf"
	"showreel/platform/sqldb"
)

// copyWidth is how many small files are copied at once.
const copyWidth = 4

// after does at once what people wait for when an item is done: poster and keyframe thumbnails appear in the library
// long before the rest.
func (w work) after(ctx context.Context, _ planned, it item, row chunk) error {
	if it.Kind == transcode.KindSpeech {
		return w.heard(ctx, row)
	}
	if it.Kind != transcode.KindPoster {
		return nil
	}
	var early []rendition
	var cues []cueAt
	for _, f := range row.Files {
		switch f.Role {
		case transcode.RolePoster:
			r, err := w.place(ctx, f, "poster.jpg", rendition{Name: "poster", Role: "poster"})
			if err != nil {
				return err
			}
			early = append(early, r)
		case transcode.RoleKeyframe:
			r, err := w.place(ctx, f, f.Name, rendition{})
			if err != nil {
				return err
			}
			cues = append(cues, cueAt{at: f.At, text: strings.TrimPrefix(r.Key, w.processedKey(""))})
		}
	}
	if len(cues) > 0 {
		key := w.processedKey("thumbs-early.vtt")
		data := thumbsVTT(cues, 0)
		if err := w.putBytes(ctx, key, data); err != nil {
			return err
		}
		early = append(early, rendition{Name: "thumbs", Role: "thumbs", Key: key, Bytes: int64(len(data))})
	}
	return w.s.deps.Library.PutRenditions(ctx, w.in.ref(), w.forLibrary(early, true))
}

// heard leaves the speech copy where it stays and tells of it: the words can be written while the ladder is encoded.
func (w work) heard(ctx context.Context, row chunk) error {
	for _, f := range row.Files {
		if f.Role != transcode.RoleWAV {
			continue
		}
		r, err := w.place(ctx, f, "speech.wav", rendition{Role: "x-wav"})
		if err != nil {
			return err
		}
		return w.s.deps.DB.Write(ctx, func(tx *sqldb.Tx) error {
			return w.s.deps.Outbox.Write(ctx, tx, w.in.Tenant, "asset.heard", w.in.Asset, map[string]any{"version": w.in.Version, "wav": r.Key})
		})
	}
	return nil
}

// place copies a finished file to where it stays.
func (w work) place(ctx context.Context, f kept, name string, r rendition) (rendition, error) {
	key := w.processedKey(name)
	if strings.HasPrefix(r.Role, "x-") {
		key = w.workingKey(name)
		r.Role = strings.TrimPrefix(r.Role, "x-")
	}
	src, info, err := w.s.deps.Blobs.Processed.Open(ctx, f.Key)
	if err != nil {
		return r, err
	}
	defer src.Close()
	out, err := w.s.deps.Blobs.Processed.Put(ctx, key, src, blob.PutOptions{Size: info.Size, SHA256: f.SHA256})
	r.Key, r.Bytes, r.SHA256, r.Width, r.Height, r.Inputs = key, out.Size, out.SHA256, f.Width, f.Height, []string{f.Key}
	return r, err
}

// assemble puts everything but the ladder where it stays: poster, sprites with their cue sheet, stills for recognition,
// the speech copy, the waveform and captions. It is safe to repeat: every file has its one key.
func (w work) assemble(ctx context.Context, plan planned, keys []string) ([]rendition, error) {
	var out []rendition
	var mu sync.Mutex
	group, copying := errgroup.WithContext(ctx)
	group.SetLimit(copyWidth)
	var sheets []kept
	for n, it := range plan.Items {
		if it.Kind == kindSeal {
			continue
		}
		row, err := w.chunkOf(ctx, keys[n])
		if err != nil {
			return nil, err
		}
		for _, f := range row.Files {
			name, r, ok := destination(plan.Plan, it, f)
			if !ok {
				continue
			}
			if f.Role == transcode.RoleSprite {
				sheets = append(sheets, f)
			}
			group.Go(func() error {
				done, err := w.place(copying, f, name, r)
				if err == nil && r.Name != "" {
					mu.Lock()
					defer mu.Unlock()
					out = append(out, done)
				}
				return err
			})
		}
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	slices.SortFunc(out, func(a, b rendition) int { return strings.Compare(a.Name, b.Name) })
	return w.thumbs(ctx, plan.Plan, sheets, out)
}

// destination says where a file stays and what the library calls it; a rendition without a name is not listed.
func destination(p transcode.Plan, it item, f kept) (name string, r rendition, ok bool) {
	switch f.Role {
	case transcode.RolePoster:
		return "poster.jpg", rendition{Name: "poster", Role: "poster"}, true
	case transcode.RoleSprite:
		return f.Name, rendition{Name: strings.TrimSuffix(strings.ReplaceAll(f.Name, "/", "-"), ".jpg"), Role: "sprite",
			Meta: map[string]any{"firstTile": f.Index, "tiles": f.Frames}}, true
	case transcode.RoleFrame:
		return fmt.Sprintf("frame/%d.jpg", f.Index), rendition{Role: "x-frame"}, true
	case transcode.RoleWAV:
		return "speech.wav", rendition{Name: "speech", Role: "x-wav", Codec: "pcm_s16le"}, true
	case transcode.RoleWaveform:
		return "waveform.json", rendition{Name: "waveform", Role: "waveform", Meta: map[string]any{"pps": p.WaveformPPS}}, true
	case transcode.RoleSubtitle:
		for _, s := range p.Subtitles {
			if s.Name == it.Name {
				return s.Name + ".vtt", rendition{Name: s.Name, Role: "subtitle", Codec: "wvtt", Lang: s.Lang, Title: s.Title, Meta: map[string]any{"forced": s.Forced}}, true
			}
		}
	}
	return "", rendition{}, false
}

// thumbs writes the cue sheet over the sprites.
func (w work) thumbs(ctx context.Context, p transcode.Plan, sheets []kept, out []rendition) ([]rendition, error) {
	s := p.Analysis.Sprites
	if s == nil || len(sheets) == 0 {
		return out, nil
	}
	slices.SortFunc(sheets, func(a, b kept) int { return int(a.Index - b.Index) })
	var cues []cueAt
	for _, sheet := range sheets {
		for n := range int(sheet.Frames) {
			cues = append(cues, cueAt{at: media.FromMS((sheet.Index + int64(n)) * int64(s.IntervalMS)),
				text: fmt.Sprintf("%s#xywh=%d,%d,%d,%d", sheet.Name, n%s.Cols*s.TileW, n/s.Cols*s.TileH, s.TileW, s.TileH)})
		}
	}
	key, data := w.processedKey("thumbs.vtt"), thumbsVTT(cues, p.Rate.At(p.Frames))
	if err := w.putBytes(ctx, key, data); err != nil {
		return nil, err
	}
	return append(out, rendition{Name: "thumbs", Role: "thumbs", Codec: "wvtt", Key: key, Bytes: int64(len(data)),
		Meta: map[string]any{"tileW": s.TileW, "tileH": s.TileH, "intervalMs": s.IntervalMS}}), nil
}

// cueAt is a thumbnail and when it begins to be the one to show.
type cueAt struct {
	at   media.Time
	text string
}

// thumbsVTT writes thumbnails as WebVTT, the form players read scrubbing pictures in. The last one lasts to the end, or
// ten seconds where that is not known.
func thumbsVTT(cues []cueAt, end media.Time) []byte {
	slices.SortFunc(cues, func(a, b cueAt) int { return int((a.at - b.at) / media.Millisecond) })
	var b strings.Builder
	b.WriteString("WEBVTT\n")
	for n, c := range cues {
		to := end
		if n+1 < len(cues) {
			to = cues[n+1].at
		}
		if to <= c.at {
			to = c.at + 10*media.Second
		}
		fmt.Fprintf(&b, "\n%s --> %s\n%s\n", stamp(c.at), stamp(to), c.text)
	}
	return []byte(b.String())
}

func stamp(t media.Time) string {
	ms := t.MS()
	return fmt.Sprintf("%02d:%02d:%02d.%03d", ms/3_600_000, ms/60_000%60, ms/1000%60, ms%1000)
}

// composeIndex is the finished index of the version: the ladder, the sounds and the captions, and last the proxy, which
// players that began with the growing manifest still hold.
func (w work) composeIndex(ctx context.Context, plan planned, made []rendition) (cmaf.Index, error) {
	var x cmaf.Index
	for _, r := range made {
		switch {
		case r.TrackKey != "":
			t, err := w.trackOf(ctx, r.TrackKey)
			if err != nil {
				return x, err
			}
			x.Tracks = append(x.Tracks, t)
		case r.Role == "subtitle":
			role := cmaf.RoleSubtitles
			if forced, _ := r.Meta["forced"].(bool); forced {
				role = cmaf.RoleForced
			}
			x.Tracks = append(x.Tracks, textTrack(r, role))
		}
	}
	x.Finish()
	return x, nil
}

func textTrack(r rendition, role string) cmaf.Track {
	return cmaf.Track{Name: r.Name, Kind: cmaf.KindText, Codec: "wvtt", Lang: r.Lang, Title: r.Title, Role: role, Complete: true,
		Parts: []cmaf.Part{{Key: r.Key, Size: r.Bytes, SHA256: r.SHA256}}}
}

// stills maps seconds to pictures for findings.
func (w work) stills(ctx context.Context, plan planned, keys []string) (map[int64]string, error) {
	out := map[int64]string{}
	for n, it := range plan.Items {
		if it.Kind != transcode.KindChunk {
			continue
		}
		row, err := w.chunkOf(ctx, keys[n])
		if err != nil {
			return nil, err
		}
		for _, f := range row.Files {
			if f.Role == transcode.RoleFrame {
				out[f.Index] = w.workingKey("frame/" + strconv.FormatInt(f.Index, 10) + ".jpg")
			}
		}
	}
	return out, nil
}
