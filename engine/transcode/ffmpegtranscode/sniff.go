package ffmpegtranscode

import (
	"bytes"
	"encoding/binary"
	"path/filepath"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// sniffBytes is how much of a file's head decides what it is.
const sniffBytes = 64 << 10

// sniffed is what the first bytes say.
type sniffed struct {
	demuxer  string // ffmpeg's demuxer to force; empty for text
	image    bool
	text     string // "", "plain", "subtitle"
	playlist bool
	name     string // for people and Info.Format
}

// magic is one signature at an offset.
type magic struct {
	at      int
	bytes   string
	demuxer string
	image   bool
}

// magics in the order tried; the longest and surest first. ISO base media, RIFF and MPEG streams have code of their own.
var magics = []magic{
	{0, "\x1a\x45\xdf\xa3", "matroska", false},
	{0, "OggS", "ogg", false},
	{0, "fLaC", "flac", false},
	{0, "FLV\x01", "flv", false},
	{0, "\x30\x26\xb2\x75\x8e\x66\xcf\x11", "asf", false},
	{0, "\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02", "mxf", false},
	{0, "\x00\x00\x01\xba", "mpeg", false},
	{0, "\x00\x00\x01\xb3", "mpegvideo", false},
	{0, "#!AMR", "amr", false},
	{0, "caff", "caf", false},
	{0, ".snd", "au", false},
	{0, "wvpk", "wv", false},
	{0, "MAC ", "ape", false},
	{0, "DKIF", "ivf", false},
	{0, "YUV4MPEG2 ", "yuv4mpegpipe", false},
	{0, "nut/multimedia container\x00", "nut", false},
	{0, "\x1f\x07\x00", "dv", false},
	{0, "ID3", "mp3", false},
	{0, "\xff\xd8\xff", "jpeg_pipe", true},
	{0, "\x89PNG\r\n\x1a\n", "png_pipe", true},
	{0, "GIF87a", "gif", true},
	{0, "GIF89a", "gif", true},
	{0, "II*\x00", "tiff_pipe", true},
	{0, "MM\x00*", "tiff_pipe", true},
	{0, "\x76\x2f\x31\x01", "exr_pipe", true},
	{0, "8BPS\x00\x01", "psd_pipe", true},
	{0, "SDPX", "dpx_pipe", true},
	{0, "XPDS", "dpx_pipe", true},
	{0, "\xff\x0a", "jpegxl_pipe", true},
	{0, "\x00\x00\x00\x0cJXL \r\n\x87\n", "jpegxl_pipe", true},
	{0, "\x00\x00\x00\x0cjP  \r\n\x87\n", "j2k_pipe", true},
}

// sniff decides by content; name's extension only chooses between kinds of text.
func sniff(head []byte, name string) sniffed {
	for _, m := range magics {
		if len(head) >= m.at+len(m.bytes) && string(head[m.at:m.at+len(m.bytes)]) == m.bytes {
			return sniffed{demuxer: m.demuxer, image: m.image, name: strings.TrimSuffix(m.demuxer, "_pipe")}
		}
	}
	for _, try := range []func([]byte) sniffed{sniffISO, sniffRIFF, sniffBMP, sniffTS, sniffAudioFrames} {
		if s := try(head); s.demuxer != "" {
			return s
		}
	}
	return sniffText(head, name)
}

func sniffISO(head []byte) sniffed {
	if len(head) < 8 {
		return sniffed{}
	}
	switch string(head[4:8]) {
	case "ftyp":
		if len(head) >= 12 {
			switch string(head[8:12]) {
			case "avif", "avis":
				return sniffed{demuxer: "mov", image: true, name: "avif"}
			case "heic", "heix", "hevc", "mif1", "msf1":
				return sniffed{demuxer: "mov", image: true, name: "heif"}
			}
		}
		return sniffed{demuxer: "mov", name: "mov,mp4"}
	case "moov", "mdat", "wide", "free", "skip", "pnot", "styp", "moof", "sidx":
		return sniffed{demuxer: "mov", name: "mov,mp4"}
	}
	return sniffed{}
}

func sniffRIFF(head []byte) sniffed {
	if len(head) < 12 {
		return sniffed{}
	}
	id, form := string(head[:4]), string(head[8:12])
	switch {
	case id == "RIFF" && form == "AVI ":
		return sniffed{demuxer: "avi", name: "avi"}
	case (id == "RIFF" || id == "RF64" || id == "RIFX") && form == "WAVE":
		return sniffed{demuxer: "wav", name: "wav"}
	case id == "RIFF" && form == "WEBP":
		return sniffed{demuxer: "webp_pipe", image: true, name: "webp"}
	case id == "FORM" && (form == "AIFF" || form == "AIFC"):
		return sniffed{demuxer: "aiff", name: "aiff"}
	case id == "riff" && len(head) >= 40 && string(head[24:28]) == "wave":
		return sniffed{demuxer: "w64", name: "w64"}
	}
	return sniffed{}
}

func sniffBMP(head []byte) sniffed {
	if len(head) < 18 || string(head[:2]) != "BM" {
		return sniffed{}
	}
	if n := binary.LittleEndian.Uint32(head[14:]); n == 12 || n == 40 || n == 52 || n == 56 || n == 64 || n == 108 || n == 124 {
		return sniffed{demuxer: "bmp_pipe", image: true, name: "bmp"}
	}
	return sniffed{}
}

// sniffTS wants three sync bytes in a row, for 188-byte packets and the 192-byte ones of cameras.
func sniffTS(head []byte) sniffed {
	for _, f := range []struct{ at, step int }{{0, 188}, {4, 192}} {
		if len(head) > f.at+2*f.step && head[f.at] == 0x47 && head[f.at+f.step] == 0x47 && head[f.at+2*f.step] == 0x47 {
			return sniffed{demuxer: "mpegts", name: "mpegts"}
		}
	}
	return sniffed{}
}

func sniffAudioFrames(head []byte) sniffed {
	if len(head) < 4 {
		return sniffed{}
	}
	switch {
	case head[0] == 0xff && head[1]&0xf6 == 0xf0:
		return sniffed{demuxer: "aac", name: "aac"}
	case head[0] == 0xff && head[1]&0xe0 == 0xe0 && head[1]&0x06 != 0 && head[2]&0xf0 != 0xf0 && head[2]&0x0c != 0x0c:
		return sniffed{demuxer: "mp3", name: "mp3"}
	case head[0] == 0x0b && head[1] == 0x77:
		return sniffed{demuxer: "ac3", name: "ac3"}
	}
	return sniffed{}
}

// subtitleExt and textExt are the names under which text is taken in; anything else that reads as text is not media.
var (
	subtitleExt = map[string]bool{".srt": true, ".vtt": true, ".ass": true, ".ssa": true, ".ttml": true, ".dfxp": true}
	textExt     = map[string]bool{".txt": true, ".md": true, ".markdown": true, ".csv": true, ".tsv": true, ".json": true, ".xml": true,
		".html": true, ".htm": true, ".yaml": true, ".yml": true, ".log": true, ".tex": true, ".rst": true, ".fountain": true, "": true}
	playlistExt = map[string]bool{".m3u": true, ".m3u8": true, ".mpd": true, ".ffconcat": true, ".pls": true, ".asx": true, ".xspf": true,
		".smil": true, ".ism": true, ".sdp": true}
)

// playlistHeads start files that make a player open other files. Compared in lower case after white space and a byte
// order mark.
var playlistHeads = []string{"#extm3u", "#extinf", "ffconcat ", "file ", "[playlist]", "<asx", "<smil", ";ffmetadata", "#!nsv", "[reference]", "rtsptext", "v=0\r\no=", "v=0\no="}

func sniffText(head []byte, name string) sniffed {
	ext := strings.ToLower(filepath.Ext(name))
	body, ok := asText(head)
	if !ok {
		return sniffed{}
	}
	low := strings.ToLower(strings.TrimLeft(body, "\ufeff \t\r\n"))
	for _, h := range playlistHeads {
		if strings.HasPrefix(low, h) && !(h == "file " && !strings.HasPrefix(strings.TrimLeft(low[5:], " "), "'") && ext != ".ffconcat") {
			return sniffed{playlist: true, name: "playlist"}
		}
	}
	if playlistExt[ext] || strings.HasPrefix(low, "<?xml") && (strings.Contains(low, "<mpd") || strings.Contains(low, "<asx") || strings.Contains(low, "<smil")) || strings.HasPrefix(low, "<mpd") {
		return sniffed{playlist: true, name: "playlist"}
	}
	switch {
	case subtitleExt[ext]:
		return sniffed{text: "subtitle", name: strings.TrimPrefix(ext, ".")}
	case textExt[ext]:
		return sniffed{text: "plain", name: "text"}
	}
	return sniffed{}
}

// asText returns the head as text when it is UTF-8 (a character cut at the end is forgiven) or UTF-16 with a mark.
func asText(head []byte) (string, bool) {
	if len(head) >= 2 && (head[0] == 0xff && head[1] == 0xfe || head[0] == 0xfe && head[1] == 0xff) {
		order := binary.ByteOrder(binary.LittleEndian)
		if head[0] == 0xfe {
			order = binary.BigEndian
		}
		u := make([]uint16, 0, len(head)/2)
		for i := 2; i+1 < len(head); i += 2 {
			u = append(u, order.Uint16(head[i:]))
		}
		return string(utf16.Decode(u)), true
	}
	if bytes.IndexByte(head, 0) >= 0 {
		return "", false
	}
	for cut := 0; cut < utf8.UTFMax && cut <= len(head); cut++ {
		if utf8.Valid(head[:len(head)-cut]) {
			return string(head[:len(head)-cut]), len(head) == cut || !mostlyControl(head)
		}
		if len(head) < sniffBytes {
			break
		}
	}
	return "", false
}

func mostlyControl(b []byte) bool {
	n := 0
	for _, c := range b {
		if c < 0x20 && c != '\n' && c != '\r' && c != '\t' && c != '\f' && c != 0x1b {
			n++
		}
	}
	return n*20 > len(b)
}
