package ffmpegtranscode_test

import (
	"strings"
	"testing"

	"showreel/engine/transcode/ffmpegtranscode"
)

func TestSniff(t *testing.T) {
	ts := strings.Repeat("\x47"+strings.Repeat("\x00", 187), 4)
	tests := []struct {
		name, head, demuxer string
		text, playlist      bool
	}{
		{"a.mp4", "\x00\x00\x00\x18ftypisom\x00\x00\x02\x00", "mov", false, false},
		{"a.mov", "\x00\x00\x00\x08wide\x00\x00\x00\x08mdat", "mov", false, false},
		{"a.mkv", "\x1a\x45\xdf\xa3\x01", "matroska", false, false},
		{"a.ts", ts, "mpegts", false, false},
		{"a.m2ts", "\x00\x00\x00\x00" + strings.Repeat("\x47"+strings.Repeat("\x00", 191), 4), "mpegts", false, false},
		{"G.txt", "GGGG is for good games\n", "", true, false},
		{"a.wav", "RIFF\x00\x00\x00\x00WAVEfmt ", "wav", false, false},
		{"a.mp3", "\xff\xfb\x90\x64\x00\x00", "mp3", false, false},
		{"a.aac", "\xff\xf1\x50\x80\x00\x00", "aac", false, false},
		{"a.jpg", "\xff\xd8\xff\xe0\x00\x10JFIF", "jpeg_pipe", false, false},
		{"a.srt", "1\n00:00:01,000 --> 00:00:02,000\nHi\n", "", true, false},
		{"notes.txt", "file me under: nothing\n", "", true, false},
		{"a.m3u8", "#EXTM3U\n", "", false, true},
		{"a.srt", "\ufeff  #EXTM3U\n", "", false, true},
		{"a.txt", "FFCONCAT version 1.0\n", "", false, true},
		{"a.xml", `<?xml version="1.0"?><smil></smil>`, "", false, true},
		{"a.exe", "MZ\x90\x00\x03", "", false, false},
		{"a.mp4", "just text\n", "", false, false},
		{"a", "", "", true, false},
	}
	for _, tt := range tests {
		demuxer, text, playlist := ffmpegtranscode.Sniff([]byte(tt.head), tt.name)
		if demuxer != tt.demuxer || text != tt.text || playlist != tt.playlist {
			t.Errorf("%s %.20q: %q text %t playlist %t", tt.name, tt.head, demuxer, text, playlist)
		}
	}
}

// FuzzParsers: no outside bytes panic or hang, and no playlist is given to a demuxer.
func FuzzParsers(f *testing.F) {
	for _, s := range []string{"\x00\x00\x00\x18ftypisom\x00\x00\x00\x08moov", "frame:0 pts:0 pts_time:0\nlavfi.scd.score=1.5\n", "0,0,512,K_\n512,512,512,__\n",
		`{"streams":[{"codec_type":"video","r_frame_rate":"24/1","tags":{"DURATION":"00:00:01.5"},"side_data_list":[{"side_data_type":"Display Matrix","rotation":-90}]}],"format":{"duration":"1.5"}}`,
		"RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x80>\x00\x00\x00}\x00\x00\x02\x00\x10\x00data\x00\x00\x00\x00\x01\x02", "frame=12\nspeed=1.5x\nprogress=continue\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		demuxer, _ := ffmpegtranscode.Parsers(b)
		if demuxer != "" && strings.HasPrefix(strings.ToLower(string(b)), "#extm3u") {
			t.Fatalf("a playlist would be opened with %s", demuxer)
		}
	})
}
