package cmaf_test

import (
	"bytes"
	"testing"

	"github.com/Eyevinn/mp4ff/mp4"

	"showreel/fault"
	"showreel/media"
	"showreel/platform/cmaf"
	"showreel/platform/cmaf/cmaftest"
)

// TestIndependentDecrypt has another implementation decrypt whole tracks and compares every sample.
func TestIndependentDecrypt(t *testing.T) {
	f := makeFilm(t)
	clear := view(t, f, cmaf.Options{})
	for _, scheme := range []string{cmaf.SchemeCENC, cmaf.SchemeCBCS} {
		p := protection(scheme)
		v := view(t, f, cmaf.Options{Protect: func(*cmaf.Track) *cmaf.Protection { return p }})
		for _, track := range []string{"v90-avc", "a-en-aac"} {
			file := parse(t, f, v, track)
			d, err := mp4.DecryptInit(file.Init)
			if err != nil {
				t.Fatal(err)
			}
			if len(d.Psshs) != 1 || !bytes.Equal(d.Psshs[0].SystemID, cmaf.SystemCommon[:]) || !bytes.Equal(d.Psshs[0].KIDs[0], p.KID[:]) {
				t.Errorf("pssh: %+v", d.Psshs)
			}
			for _, s := range file.Segments {
				if err := mp4.DecryptSegment(s, d, p.Key[:]); err != nil {
					t.Fatal(err)
				}
			}
			want := payload(parse(t, f, clear, track))
			if got := payload(file); !bytes.Equal(got, want) {
				t.Errorf("%s %s: %d bytes decrypted, want %d equal ones", scheme, track, len(got), len(want))
			}
		}
	}
}

func parse(t *testing.T, f *film, v *cmaf.View, track string) *mp4.File {
	t.Helper()
	b, err := v.Init(track)
	if err != nil {
		t.Fatal(err)
	}
	b = bytes.Clone(b)
	for n := range 2 {
		b = append(b, f.segment(t, v, track, n)...)
	}
	file, err := mp4.DecodeFile(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func payload(f *mp4.File) (out []byte) {
	for _, s := range f.Segments {
		for _, fr := range s.Fragments {
			out = append(out, fr.Mdat.Data...)
		}
	}
	return out
}

// TestCounterBlocksAreNeverReused lists every AES-CTR counter block that two rungs, their sound, their I-frames and a clip use
// under one key: the same block may only ever encrypt the same bytes.
func TestCounterBlocksAreNeverReused(t *testing.T) {
	f := makeFilm(t)
	p := protection(cmaf.SchemeCENC)
	protect := func(*cmaf.Track) *cmaf.Protection { return p }
	seen := map[[16]byte]string{}
	blocks := 0
	use := func(v *cmaf.View, track string, n int) {
		b, err := v.Init(track)
		if err != nil {
			t.Fatal(err)
		}
		file, err := mp4.DecodeFile(bytes.NewReader(append(bytes.Clone(b), f.segment(t, v, track, n)...)))
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range file.Segments {
			for _, fr := range s.Fragments {
				senc := fr.Moof.Traf.Senc
				at := 0
				for i := range senc.IVs {
					size := int(fr.Moof.Traf.Trun.Samples[i].Size)
					sample := fr.Mdat.Data[at : at+size]
					at += size
					var crypted []byte
					if len(senc.SubSamples) == 0 {
						crypted = sample
					} else {
						for _, u := range senc.SubSamples[i] {
							sample = sample[u.BytesOfClearData:]
							crypted = append(crypted, sample[:u.BytesOfProtectedData]...)
							sample = sample[u.BytesOfProtectedData:]
						}
					}
					for k := 0; k < len(crypted); k += 16 {
						var c [16]byte
						copy(c[:], senc.IVs[i])
						add(&c, uint64(k/16))
						data := string(crypted[k:min(k+16, len(crypted))])
						if old, ok := seen[c]; ok && old != data {
							t.Fatalf("counter block %x encrypts two different things (%s segment %d sample %d)", c, track, n, i)
						} else if !ok {
							blocks++
						}
						seen[c] = data
					}
				}
			}
		}
	}
	whole := view(t, f, cmaf.Options{Protect: protect})
	clip := view(t, f, cmaf.Options{Protect: protect, Clip: media.Range{Start: media.FromMS(2500), End: media.FromMS(3500)}})
	for _, track := range []string{"v90-avc", "v180-avc", "a-en-aac"} {
		use(whole, track, 0)
		use(whole, track, 1)
		use(clip, track, 1)
	}
	f.index.Tracks[0].Parts[0].Key = "re-encoded" // a new encode of the same rung under the same key
	f.parts["re-encoded"] = f.parts["v90-avc"]
	before := len(seen)
	use(view(t, f, cmaf.Options{Protect: protect}), "v90-avc", 0)
	if len(seen) == before {
		t.Error("a new part repeats the counters of the old one")
	}
	if blocks < 10_000 {
		t.Errorf("only %d blocks were compared", blocks)
	}
}

func add(c *[16]byte, n uint64) {
	for i := 15; i >= 8 && n > 0; i-- {
		n += uint64(c[i])
		c[i] = byte(n)
		n >>= 8
	}
}

func TestProtectionRefusesWhatItCannotDo(t *testing.T) {
	f := makeFilm(t)
	p := protection("cens")
	if _, err := cmaf.NewView(&f.index, cmaf.Options{Protect: func(*cmaf.Track) *cmaf.Protection { return p }}); fault.CodeOf(err) != "scheme" {
		t.Errorf("cens: %v", err)
	}
	for i := range f.index.Tracks[0].Init {
		if bytes.HasPrefix(f.index.Tracks[0].Init[i:], []byte("avcC")) {
			copy(f.index.Tracks[0].Init[i:], "free")
		}
	}
	p = protection(cmaf.SchemeCENC)
	if _, err := cmaf.NewView(&f.index, cmaf.Options{Protect: func(*cmaf.Track) *cmaf.Protection { return p }}); !fault.Is(err, fault.Corrupt) {
		t.Errorf("no avcC: %v", err)
	}
}

// tiny keeps the fuzzers' seeds small.
var tiny = cmaftest.Video{Width: 32, Height: 32, FPS: 8, GOP: 8, Seconds: 1}

// FuzzBuild feeds damaged segments to every way of rewriting them.
func FuzzBuild(f *testing.F) {
	fm := &film{parts: map[string][]byte{}}
	fm.add(f, "v90-avc", tiny.Make(f))
	fm.add(f, "a-en-aac", cmaftest.Audio(f, 440, 1))
	fm.index.Finish()
	var cuts []cmaf.Cut
	for _, scheme := range []string{"", cmaf.SchemeCENC, cmaf.SchemeCBCS} {
		o := cmaf.Options{Clip: media.Range{Start: media.FromMS(300), End: media.FromMS(700)}}
		if scheme != "" {
			o.Protect = func(*cmaf.Track) *cmaf.Protection { return protection(scheme) }
		}
		v := view(f, fm, o)
		for _, track := range []string{"v90-avc", "a-en-aac"} {
			c, err := v.Segment(track, 0)
			if err != nil {
				f.Fatal(err)
			}
			cuts = append(cuts, c)
			f.Add(fm.read(c))
		}
		c, err := v.IFrame("v90-avc", 0)
		if err != nil {
			f.Fatal(err)
		}
		cuts = append(cuts, c)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, c := range cuts {
			if _, err := c.Build(bytes.Clone(b)); err != nil && fault.KindOf(err) == fault.Internal {
				t.Fatal(err)
			}
		}
	})
}

func BenchmarkBuild(b *testing.B) {
	f := &film{parts: map[string][]byte{}}
	f.add(b, "v", cmaftest.Video{Width: 1280, Height: 720, FPS: 24, GOP: 48, Seconds: 2, Extra: []string{"-b:v", "6M"}}.Make(b))
	f.index.Finish()
	for _, scheme := range []string{"clip", cmaf.SchemeCENC, cmaf.SchemeCBCS} {
		o := cmaf.Options{}
		if scheme != "clip" {
			o.Protect = func(*cmaf.Track) *cmaf.Protection { return protection(scheme) }
		}
		c, err := view(b, f, o).Segment("v", 0)
		if err != nil {
			b.Fatal(err)
		}
		src := f.read(c)
		b.Run(scheme, func(b *testing.B) {
			b.SetBytes(int64(len(src)))
			for b.Loop() {
				if _, err := c.Build(src); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
