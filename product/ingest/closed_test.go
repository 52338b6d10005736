package ingest

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"showreel/engine/transcode"
	"showreel/media"
)

func TestClosedCaptionsAreToldApart(t *testing.T) {
	info := media.Info{
		Raw: []byte(`{"streams":[{"index":0,"codec_tag_string":"avc1"},{"index":1,"codec_tag_string":"c608"},{"index":2,"codec_tag_string":"c708"},{"index":3,"codec_tag_string":"mp4a"}]}`),
		Streams: []media.Stream{{Index: 0, Type: "video", Captions: []string{"cea-608"}}, {Index: 1, Type: "subtitle", Codec: "eia_608"},
			{Index: 2, Type: "data"}, {Index: 3, Type: "audio"}},
	}
	want := [][]string{{"cea-608/708"}, {"cea-608"}, {"cea-708"}, nil}
	for _, raw := range [][]byte{info.Raw, nil} {
		got := media.Info{Raw: raw, Streams: append([]media.Stream(nil), info.Streams...)}
		tellClosedCaptions(&got)
		for n, s := range got.Streams {
			expect := want[n]
			if raw == nil && n == 2 {
				expect = nil
			}
			if diff := cmp.Diff(expect, s.Captions); diff != "" {
				t.Errorf("stream %d: %s", n, diff)
			}
		}
	}
}

func TestSoundsWithoutALanguageHaveTitles(t *testing.T) {
	p := transcode.Plan{Info: media.Info{Streams: []media.Stream{{Index: 0, Type: "video"}, {Index: 1, Type: "audio"}, {Index: 2, Type: "audio", Default: true}, {Index: 4, Type: "audio"}}}}
	for _, c := range []struct {
		a    transcode.AudioOut
		want string
	}{
		{transcode.AudioOut{Stream: 1}, "Track 1"}, {transcode.AudioOut{Stream: 2, Lang: "und"}, "Main"}, {transcode.AudioOut{Stream: 4}, "Track 3"},
		{transcode.AudioOut{Stream: 4, Title: "Director"}, "Director"}, {transcode.AudioOut{Stream: 4, Lang: "de"}, ""},
	} {
		if got := soundTitle(p, c.a); got != c.want {
			t.Errorf("%+v is called %q, want %q", c.a, got, c.want)
		}
	}
}
