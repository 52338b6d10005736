package ingest

import (
	"context"
	"encoding/json"
	"io"
	"slices"
	"strconv"
	"time"

	"showreel/engine/blob"
	"showreel/engine/flow"
	"showreel/engine/transcode"
	"showreel/fault"
	"showreel/media"
	"showreel/platform/cmaf"
)

// rendition is a finished output of the job on its way to be published.
type rendition struct {
	Name     string         `json:"name"`
	Role     string         `json:"role"` // library's word
	Codec    string         `json:"codec,omitempty"`
	Width    int            `json:"width,omitempty"`
	Height   int            `json:"height,omitempty"`
	Kbps     int            `json:"kbps,omitempty"`
	Lang     string         `json:"lang,omitempty"`
	Title    string         `json:"title,omitempty"`
	Key      string         `json:"key"`
	Bytes    int64          `json:"bytes"`
	SHA256   string         `json:"sha256,omitempty"`
	TrackKey string         `json:"trackKey,omitempty"` // where its cmaf.Track lies, for what goes into the index
	Inputs   []string       `json:"inputs,omitempty"`   // chunk keys
	Meta     map[string]any `json:"meta,omitempty"`
}

// processedKey is the key of a rendition of the job's version.
func (w work) processedKey(name string) string {
	return w.in.Tenant + "/r/" + w.in.Asset + "/" + strconv.Itoa(w.in.Version) + "/" + name
}

// workingKey is the key of a working file that stays until analysis ends.
func (w work) workingKey(name string) string {
	return w.in.Tenant + "/x/" + w.in.Asset + "/" + strconv.Itoa(w.in.Version) + "/" + name
}

// stitch makes one file per rung and per sound.
func (w work) stitch(c flow.Ctx, plan planned, keys []string) ([]rendition, error) {
	var names []string
	for _, r := range plan.Plan.Rungs {
		names = append(names, r.Name)
	}
	for _, a := range plan.Plan.Audios {
		names = append(names, a.Name)
	}
	if _, err := step(c, w, "stitching", func(ctx context.Context) (bool, error) { return true, w.s.stage(ctx, w.in, StageStitch) }); err != nil {
		return nil, err
	}
	return flow.Each(c, StageStitch, 4, names, func(ctx context.Context, name string) (rendition, error) {
		return timed(ctx, w, StageStitch, func(ctx context.Context) (rendition, error) { return w.join(ctx, plan, keys, name) })
	}, flow.WithRetry(stepRetries, 2*time.Second))
}

// join concatenates the chunks of one rendition, in order of time, into one CMAF file straight in the processed store.
func (w work) join(ctx context.Context, plan planned, keys []string, name string) (rendition, error) {
	files, err := w.filesOf(ctx, plan, keys, name)
	if err != nil {
		return rendition{}, err
	}
	out := describe(plan.Plan, name)
	out.Key = w.processedKey(name + extension(out.Role))
	parts, closeAll, err := w.open(ctx, plan.Plan, files)
	defer closeAll()
	if err != nil {
		return rendition{}, err
	}
	track, info, err := w.write(ctx, out.Key, parts)
	if err != nil {
		return rendition{}, err
	}
	out.Bytes, out.SHA256, out.Codec, out.Kbps = info.Size, info.SHA256, track.Codec, int(track.AverageBPS/1000)
	for _, f := range files {
		out.Inputs = append(out.Inputs, f.Key)
	}
	dress(&track, plan.Plan, name)
	track.Parts = []cmaf.Part{{Key: out.Key, Size: info.Size, SHA256: info.SHA256}}
	track.Complete = true
	out.TrackKey = w.workingKey("track/" + name + ".json")
	return out, w.putJSON(ctx, out.TrackKey, track)
}

// filesOf finds the files of a rendition in order of time.
func (w work) filesOf(ctx context.Context, plan planned, keys []string, name string) ([]placed, error) {
	var out []placed
	for n, it := range plan.Items {
		if it.Kind != transcode.KindChunk && (it.Kind != transcode.KindAudio || it.Name != name) {
			continue
		}
		row, err := w.chunkOf(ctx, keys[n])
		if err != nil {
			return nil, err
		}
		at := slices.IndexFunc(row.Files, func(f kept) bool {
			return f.Name == name && (f.Role == transcode.RoleRung || f.Role == transcode.RoleAudio)
		})
		if at < 0 {
			if it.Kind == transcode.KindChunk && isRung(plan.Plan, name) {
				return nil, fault.Say("ingest.stitch", name, fault.Internal, "chunk-incomplete", "A part of %s was not made.", name)
			}
			continue
		}
		out = append(out, placed{kept: row.Files[at], first: it.First})
	}
	if len(out) == 0 {
		return nil, fault.Say("ingest.stitch", name, fault.Internal, "chunk-incomplete", "No part of %s was made.", name)
	}
	slices.SortFunc(out, func(a, b placed) int { return int(a.first - b.first) })
	return out, nil
}

// placed is a file and the frame it starts at.
type placed struct {
	kept
	first int64
}

func isRung(p transcode.Plan, name string) bool {
	return slices.ContainsFunc(p.Rungs, func(r transcode.Rung) bool { return r.Name == name })
}

// open makes the parts to join. The transcoder's chunks already start at their place on the timeline; the ticks are
// computed from the frame all the same, so that an error there cannot hide.
func (w work) open(ctx context.Context, p transcode.Plan, files []placed) ([]cmaf.PartIn, func(), error) {
	var readers []blob.ReaderAtCloser
	closeAll := func() {
		for _, r := range readers {
			_ = r.Close() // read only
		}
	}
	var parts []cmaf.PartIn
	for _, f := range files {
		r, err := w.s.deps.Blobs.Processed.ReaderAt(ctx, f.Key)
		if err != nil {
			return nil, closeAll, err
		}
		readers = append(readers, r)
		part := cmaf.PartIn{R: r, Size: r.Size()}
		if f.first > 0 {
			t, err := cmaf.Scan(r, r.Size())
			if err != nil {
				return nil, closeAll, err
			}
			part.StartTicks = p.Rate.At(f.first).Ticks(int64(t.Timescale))
		}
		parts = append(parts, part)
	}
	return parts, closeAll, nil
}

// write joins into the store without a file in between.
func (w work) write(ctx context.Context, key string, parts []cmaf.PartIn) (cmaf.Track, blob.Info, error) {
	r, pipe := io.Pipe()
	type joined struct {
		track cmaf.Track
		err   error
	}
	done := make(chan joined, 1)
	go func() {
		t, err := cmaf.Join(pipe, parts)
		done <- joined{t, err}
		_ = pipe.CloseWithError(err) // always nil
	}()
	info, err := w.s.deps.Blobs.Processed.Put(ctx, key, r, blob.PutOptions{Size: -1})
	_ = r.CloseWithError(err) // ends a join whose reader has gone
	j := <-done
	if j.err != nil {
		return cmaf.Track{}, info, j.err
	}
	return j.track, info, err
}

// describe gives a rendition what the plan knows of it.
func describe(p transcode.Plan, name string) rendition {
	for _, r := range p.Rungs {
		if r.Name == name {
			return rendition{Name: name, Role: "rung", Width: r.Width, Height: r.Height, Meta: map[string]any{"crf": r.CRF, "maxKbps": r.MaxKbps, "preset": r.Preset}}
		}
	}
	for _, a := range p.Audios {
		if a.Name == name {
			return rendition{Name: name, Role: "audio", Lang: a.Lang, Title: soundTitle(p, a), Meta: map[string]any{"targetLufs": a.TargetLUFS}}
		}
	}
	return rendition{Name: name}
}

// soundTitle is the name people choose a sound by where it says no language: its title, else Main for the one that plays by
// itself, else its number among the source's sounds. What is mixed down of a sound is called as the sound is.
func soundTitle(p transcode.Plan, a transcode.AudioOut) string {
	if a.Title != "" || a.Lang != "" && a.Lang != "und" {
		return a.Title
	}
	sounds := p.Info.All("audio")
	if len(sounds) == 0 || sounds[defaultStream(sounds)].Index == a.Stream {
		return "Main"
	}
	at := slices.IndexFunc(sounds, func(s media.Stream) bool { return s.Index == a.Stream })
	return "Track " + strconv.Itoa(at+1)
}

// dress gives a scanned track what its bytes do not say.
func dress(t *cmaf.Track, p transcode.Plan, name string) {
	t.Name = name
	for n, r := range p.Rungs {
		if r.Name == name {
			t.Kind, t.Rate, t.VideoRange, t.Default = cmaf.KindVideo, p.Rate, cmaf.RangeSDR, n == 0
			if v := p.Info.Main("video"); v != nil && v.HDR() && !p.Picture.ToneMap {
				t.VideoRange = map[string]string{"smpte2084": cmaf.RangePQ, "arib-std-b67": cmaf.RangeHLG}[v.Transfer]
			}
		}
	}
	for _, a := range p.Audios {
		if a.Name == name {
			t.Kind, t.Lang, t.Title, t.Default = cmaf.KindAudio, a.Lang, soundTitle(p, a), a.Default
		}
	}
}

// extension is the file ending of a rendition's role: CMAF's own (ISO/IEC 23000-19 §7.3.1).
func extension(role string) string {
	switch role {
	case "rung", "proxy":
		return ".cmfv"
	case "audio":
		return ".cmfa"
	}
	return ""
}

func (w work) putJSON(ctx context.Context, key string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return fault.E("ingest.store", key, fault.Internal, err)
	}
	return w.putBytes(ctx, key, data)
}

func (w work) trackOf(ctx context.Context, key string) (cmaf.Track, error) {
	var t cmaf.Track
	data, err := w.s.readAll(ctx, key)
	if err != nil {
		return t, err
	}
	if err := json.Unmarshal(data, &t); err != nil {
		return t, fault.E("ingest.track", key, fault.Corrupt, err)
	}
	return t, nil
}

// readAll reads a small file of the processed store.
func (s *Service) readAll(ctx context.Context, key string) ([]byte, error) {
	r, _, err := s.deps.Blobs.Processed.Open(ctx, key)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	const most = 256 << 20
	data, err := io.ReadAll(io.LimitReader(r, most))
	if err != nil {
		return nil, fault.E("ingest.read", key, "", err)
	}
	return data, nil
}
