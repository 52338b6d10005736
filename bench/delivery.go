package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"showreel/engine/blob"
	"showreel/engine/blob/fileblob"
	"showreel/engine/keys"
	"showreel/engine/keys/filekeys"
	"showreel/platform/cmaf"
	"showreel/trust/seal"
)

// benchDelivery measures packaging without HTTP, then viewers on the real server.
func benchDelivery(ctx context.Context, b *bench) error {
	film := sampleFilm(b)
	if film == "" {
		return nil
	}
	if err := benchPackaging(ctx, b, film); err != nil {
		return err
	}
	return benchViewers(ctx, b, film)
}

// packaged is one stored rendition in two stores.
type packaged struct {
	track cmaf.Track
	plain *blob.Store
	seal  *blob.Store
}

const packagedKey = "main/r/film/1/v.cmfv"

// benchPackaging makes every segment of a 1080p rendition and of a 360p one, whose samples are small, from stored bytes.
func benchPackaging(ctx context.Context, b *bench, film string) error {
	big, err := rendition(ctx, b, film, 1920, 1080, 5500)
	if err != nil {
		return err
	}
	small, err := rendition(ctx, b, film, 640, 360, 800)
	if err != nil {
		return err
	}
	cases := []struct {
		name, scheme     string
		unsealed, sealed float64 // MB/s a core to reach
	}{
		{"clear", "", 800, 600}, {"cenc", cmaf.SchemeCENC, 300, 250}, {"cbcs", cmaf.SchemeCBCS, 300, 250},
	}
	for _, sealed := range []bool{false, true} {
		for _, c := range cases {
			kind, target := "unsealed", c.unsealed
			if sealed {
				kind, target = "sealed", c.sealed
			}
			rate, err := big.rate(ctx, b, c.scheme, sealed)
			if err != nil {
				return err
			}
			smallRate, err := small.rate(ctx, b, c.scheme, sealed)
			if err != nil {
				return err
			}
			b.atLeast(fmt.Sprintf("packaging %s, %s", c.name, kind), rate, "MB/s a core", target, "limit",
				fmt.Sprintf("1080p in segments of 2 s; 360p: %.0f", smallRate))
		}
	}
	return nil
}

// rendition encodes some seconds of the film as the web template does and stores them.
func rendition(ctx context.Context, b *bench, film string, w, h, kbps int) (*packaged, error) {
	dir := filepath.Join(b.dir, fmt.Sprintf("rendition-%d", h))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	seconds := 20
	if b.quick {
		seconds = 6
	}
	path := filepath.Join(dir, "v.mp4")
	err := ffmpeg(ctx, "-ss", "4", "-i", film, "-t", fmt.Sprint(seconds), "-map", "0:v", "-vf", fmt.Sprintf("scale=%d:%d,format=yuv420p", w, h), "-c:v", "libx264", "-preset", "veryfast", "-crf", "23",
		"-g", "48", "-keyint_min", "48", "-sc_threshold", "0", "-maxrate", fmt.Sprintf("%dk", kbps), "-bufsize", fmt.Sprintf("%dk", 2*kbps),
		"-movflags", "cmaf+frag_keyframe+delay_moov+default_base_moof+negative_cts_offsets", "-f", "mp4", path)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	p := &packaged{}
	if p.track, err = cmaf.Scan(f, st.Size()); err != nil {
		return nil, err
	}
	p.track.Name, p.track.Kind, p.track.Complete = "v", cmaf.KindVideo, true
	p.track.Parts = []cmaf.Part{{Key: packagedKey, Size: st.Size()}}
	return p, p.store(ctx, dir, path)
}

func (p *packaged) store(ctx context.Context, dir, path string) error {
	plain, err := fileblob.Open(filepath.Join(dir, "plain"))
	if err != nil {
		return err
	}
	sealed, err := fileblob.Open(filepath.Join(dir, "sealed"))
	if err != nil {
		return err
	}
	ring, err := filekeys.Open(filepath.Join(dir, "keys"))
	if err != nil {
		return err
	}
	p.plain, p.seal = blob.New(plain, "plain"), blob.New(seal.Driver(sealed, keys.New(ring)), "sealed")
	for _, s := range []*blob.Store{p.plain, p.seal} {
		if _, err := s.PutFile(ctx, packagedKey, path, blob.PutOptions{Size: -1}); err != nil {
			return err
		}
	}
	return nil
}

// rate packages the whole rendition again and again and returns megabytes of segments a second of processor time.
func (p *packaged) rate(ctx context.Context, b *bench, scheme string, sealed bool) (float64, error) {
	x := cmaf.Index{Tracks: []cmaf.Track{p.track}}
	x.Finish()
	var o cmaf.Options
	if scheme != "" {
		protection := &cmaf.Protection{Scheme: scheme, KID: [16]byte{1}, Key: [16]byte{2}}
		o.Protect = func(*cmaf.Track) *cmaf.Protection { return protection }
	}
	v, err := cmaf.NewView(&x, o)
	if err != nil {
		return 0, err
	}
	store := p.plain
	if sealed {
		store = p.seal
	}
	atLeastCPU := 3.0
	if b.quick {
		atLeastCPU = 0.8
	}
	if _, err := p.pass(ctx, v, store); err != nil { // warms the page cache
		return 0, err
	}
	var bytes, cpu float64
	for cpu < atLeastCPU {
		use, err := spent(func() error {
			n, err := p.pass(ctx, v, store)
			bytes += float64(n)
			return err
		})
		if err != nil {
			return 0, err
		}
		cpu += use.own.Seconds()
	}
	return bytes / 1e6 / cpu, nil
}

// pass makes every segment once, as delivery does: it reads the segment's bytes and rewrites them unless they are the
// answer as they are.
func (p *packaged) pass(ctx context.Context, v *cmaf.View, store *blob.Store) (int64, error) {
	src, err := store.ReaderAt(ctx, packagedKey)
	if err != nil {
		return 0, err
	}
	defer src.Close()
	var done int64
	var same []byte // one buffer for answers that are sent as they are
	for n := range p.track.Segments {
		cut, err := v.Segment("v", n)
		if err != nil {
			return done, err
		}
		raw := same
		if int64(len(raw)) < cut.Size || !cut.Plain() {
			raw = make([]byte, cut.Size)
		}
		if cut.Plain() {
			same = raw
		}
		if _, err := src.ReadAt(raw[:cut.Size], cut.Offset); err != nil {
			return done, err
		}
		out, err := cut.Build(raw[:cut.Size])
		if err != nil {
			return done, err
		}
		done += int64(len(out))
	}
	return done, nil
}
