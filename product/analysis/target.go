package analysis

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"

	"showreel/engine/blob"
	"showreel/engine/speech"
	"showreel/fault"
	"showreel/media"
)

// target is the version that a run looks at.
type target struct {
	s    *Service
	ref  media.Ref
	kind media.Kind
	run  string
	lane string
}

// key is a working key of the version; product/ingest leaves sound and pictures there, and finished pieces lie beside.
func (t *target) key(name string) string {
	return fmt.Sprintf("%s/x/%s/%d/%s", t.ref.Tenant, t.ref.Asset, t.ref.Version, name)
}

// restored does fn, and once more after the working files were made again where they are gone.
func restored[T any](ctx context.Context, t *target, fn func() (T, error)) (T, error) {
	out, err := fn()
	if !fault.Is(err, fault.NotFound) || t.s.deps.Working == nil || t.kind != media.Video && t.kind != media.Audio {
		return out, err
	}
	if err := t.s.deps.Working.Redecode(ctx, t.ref); err != nil {
		return out, err
	}
	return fn()
}

// sound is the version's sound: where its samples lie in the file, and how many there are.
type sound struct {
	key    string
	offset int64
	frames int64
}

func (w sound) length() media.Time { return media.FromTicks(w.frames, speech.SampleRate) }

// sound finds the version's 16 kHz sound. fault.Unavailable "no-sound" where it has none.
func (t *target) sound(ctx context.Context) (sound, error) {
	w, err := restored(ctx, t, func() (sound, error) { return t.openSound(ctx) })
	if fault.Is(err, fault.NotFound) {
		return w, fault.Say("analysis.sound", t.ref.Asset, fault.Unavailable, "no-sound", "This asset has no sound to listen to.")
	}
	return w, err
}

func (t *target) openSound(ctx context.Context) (sound, error) {
	w := sound{key: t.key("speech.wav")}
	r, err := t.s.deps.Blobs.Processed.ReaderAt(ctx, w.key)
	if err != nil {
		return w, err
	}
	defer r.Close()
	w.offset, w.frames, err = wavData(r, r.Size())
	return w, err
}

// wavData finds the samples of a canonical WAV file (RIFF, 16 kHz mono 16 bit), whatever chunks stand before them.
func wavData(r io.ReaderAt, size int64) (offset, frames int64, err error) {
	broken := fault.Say("analysis.sound", "", fault.Corrupt, "bad-wav", "The working copy of the sound is damaged; process the asset again.")
	head := make([]byte, 12)
	if _, err := r.ReadAt(head, 0); err != nil || string(head[:4]) != "RIFF" || string(head[8:]) != "WAVE" {
		return 0, 0, broken
	}
	for at := int64(12); at+8 <= size; {
		if _, err := r.ReadAt(head[:8], at); err != nil {
			return 0, 0, broken
		}
		n := int64(binary.LittleEndian.Uint32(head[4:8]))
		if string(head[:4]) == "data" {
			if n > size-at-8 { // a stream's header, or more than 4 GB: the rest of the file
				n = size - at - 8
			}
			return at + 8, n / 2, nil
		}
		at += 8 + n + n%2
	}
	return 0, 0, broken
}

// pcm reads a range of the sound.
func (t *target) pcm(ctx context.Context, w sound, r media.Range) ([]int16, error) {
	first := max(0, r.Start.Ticks(speech.SampleRate))
	last := min(w.frames, r.End.Ticks(speech.SampleRate))
	if last <= first {
		return nil, nil
	}
	in, err := t.s.deps.Blobs.Processed.OpenRange(ctx, w.key, w.offset+2*first, 2*(last-first))
	if err != nil {
		return nil, err
	}
	defer in.Close()
	raw, err := io.ReadAll(in)
	if err != nil {
		return nil, fault.E("analysis.sound", t.ref.Asset, "", err)
	}
	out := make([]int16, len(raw)/2)
	for n := range out {
		out[n] = int16(binary.LittleEndian.Uint16(raw[2*n:]))
	}
	return out, nil
}

// seconds lists the seconds of which there is a picture, in order; a still picture is its second 0. fault.Unavailable
// "no-pictures" where there are none.
func (t *target) seconds(ctx context.Context) ([]int64, error) {
	if t.kind == media.Image {
		_, err := t.pictureKey(ctx)
		return []int64{0}, err
	}
	list, err := restored(ctx, t, func() ([]int64, error) { return t.frames(ctx) })
	if fault.Is(err, fault.NotFound) {
		return nil, fault.Say("analysis.pictures", t.ref.Asset, fault.Unavailable, "no-pictures", "This asset has no pictures to look at.")
	}
	return list, err
}

func (t *target) frames(ctx context.Context) ([]int64, error) {
	prefix := t.key("frame/")
	var out []int64
	for after := ""; ; {
		page, err := t.s.deps.Blobs.Processed.List(ctx, prefix, after, 1000)
		if err != nil {
			return nil, err
		}
		if len(page) == 0 {
			break
		}
		for _, info := range page {
			after = info.Key
			n, err := strconv.ParseInt(strings.TrimSuffix(path.Base(info.Key), ".jpg"), 10, 64)
			if err == nil {
				out = append(out, n)
			}
		}
	}
	if len(out) == 0 {
		return nil, fault.E("analysis.pictures", t.ref.Asset, fault.NotFound, nil)
	}
	slices.Sort(out)
	return out, nil
}

// pictureKey is where the JPEG of a still picture lies: its poster.
func (t *target) pictureKey(ctx context.Context) (string, error) {
	all, err := t.s.deps.Library.Renditions(ctx, t.ref)
	if err != nil {
		return "", err
	}
	for _, r := range all {
		if r.Role == "poster" && r.Key != "" {
			return r.Key, nil
		}
	}
	return "", fault.Say("analysis.pictures", t.ref.Asset, fault.Unavailable, "no-pictures", "This picture has no rendition to look at; process the asset again.")
}

// pictures reads the JPEGs of some seconds.
func (t *target) pictures(ctx context.Context, seconds []int64) ([][]byte, error) {
	out := make([][]byte, len(seconds))
	for n, sec := range seconds {
		key := t.key(fmt.Sprintf("frame/%d.jpg", sec))
		if t.kind == media.Image {
			var err error
			if key, err = t.pictureKey(ctx); err != nil {
				return nil, err
			}
		}
		data, err := t.readAll(ctx, key)
		if err != nil {
			return nil, err
		}
		out[n] = data
	}
	return out, nil
}

func (t *target) readAll(ctx context.Context, key string) ([]byte, error) {
	r, _, err := t.s.deps.Blobs.Processed.Open(ctx, key)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, fault.E("analysis.read", key, "", err)
	}
	return data, nil
}

// length is the version's duration; a still picture has none.
func (t *target) length(ctx context.Context) (media.Time, error) {
	v, err := t.s.deps.Library.Version(ctx, t.ref)
	return v.Info.Duration, err
}

// notes reads a track of the version's timeline.
func (t *target) notes(ctx context.Context, track media.Track) ([]media.Annotation, error) {
	return t.s.deps.Library.Annotations(ctx, t.ref, track)
}

// pieceKey is where a finished piece's result lies.
func (t *target) pieceKey(p piece) string {
	return t.key(fmt.Sprintf("analysis/%s/%s/%d.json", path.Base(t.run), p.Ability, p.N))
}

// kept reads a finished piece's result; ok is false where it is not finished.
func (t *target) kept(ctx context.Context, p piece) (f found, ok bool, err error) {
	raw, err := t.readAll(ctx, t.pieceKey(p))
	if fault.Is(err, fault.NotFound) {
		return f, false, nil
	}
	if err == nil {
		err = json.Unmarshal(raw, &f)
	}
	if err != nil {
		return f, false, err
	}
	ok, err = t.showVectors(ctx, p, &f)
	return f, ok, err
}

func (t *target) keep(ctx context.Context, p piece, f found) error {
	f, err := t.hideVectors(ctx, p, f)
	if err != nil {
		return err
	}
	raw, err := json.Marshal(f)
	if err != nil {
		return fault.E("analysis.piece", t.ref.Asset, fault.Internal, err)
	}
	_, err = t.s.deps.Blobs.Processed.Put(ctx, t.pieceKey(p), strings.NewReader(string(raw)), blob.PutOptions{Size: int64(len(raw))})
	return err
}

// drop removes the results of an ability's pieces once they are joined.
func (t *target) drop(ctx context.Context, pieces []piece) error {
	var errs []error
	for _, p := range pieces {
		if err := t.s.deps.Blobs.Processed.Delete(ctx, t.pieceKey(p)); err != nil && !fault.Is(err, fault.NotFound) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
