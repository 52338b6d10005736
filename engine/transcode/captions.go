package transcode

import (
	"bytes"
	"fmt"
	"path/filepath"
	"sort"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/asticode/go-astisub"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"showreel/fault"
	"showreel/media"
)

// MaxCaptionBytes is the largest caption file that is read: ten times the captions of a day.
const MaxCaptionBytes = 16 << 20

// Captions is one caption track.
type Captions struct {
	Format   string // of the file: subrip, webvtt, ass, ttml
	Lang     string // BCP 47 when the file says so
	Cues     []Cue  // by start, then end
	Warnings []string
}

// Cue is one caption. Text has lines split by \n; markup is dropped.
type Cue struct {
	Range media.Range `json:"range"`
	Text  string      `json:"text"`
}

// ReadCaptions reads SRT, WebVTT, ASS/SSA or TTML, told by name's extension. Cues without text, with an end before their
// start or beyond a day are dropped and named in Warnings. Errors: TooLarge; Unsupported for another extension; Invalid
// "bad-captions" when the file cannot be read as its kind or has no cue.
func ReadCaptions(name string, b []byte) (c Captions, err error) {
	const op = "transcode.captions"
	if len(b) > MaxCaptionBytes {
		return c, fault.Say(op, name, fault.TooLarge, "captions-too-large", "A caption file may have %d MiB.", MaxCaptionBytes>>20)
	}
	text, err := utf8Text(b)
	if err != nil {
		return c, fault.Say(op, name, fault.Invalid, "bad-captions", "The captions are not UTF-8 text. Save them as UTF-8 and upload them again.")
	}
	ext := strings.ToLower(filepath.Ext(name))
	format, ok := captionFormats[ext]
	if !ok {
		return c, fault.Say(op, name, fault.Unsupported, "captions-format", "Captions are taken as .srt, .vtt, .ass, .ssa, .ttml or .dfxp.")
	}
	c.Format = format
	subs, err := parse(format, text)
	if err != nil {
		return c, &fault.Error{Op: op, Subject: name, Kind: fault.Invalid, Code: "bad-captions", Err: err,
			Text: fmt.Sprintf("The captions cannot be read as %s. Check the file in a caption editor and upload it again.", strings.TrimPrefix(ext, "."))}
	}
	if subs.Metadata != nil {
		c.Lang = subs.Metadata.Language
	}
	c.collect(subs)
	if len(c.Cues) == 0 {
		return c, fault.Say(op, name, fault.Invalid, "bad-captions", "The caption file has no readable cue.")
	}
	return c, nil
}

var captionFormats = map[string]string{".srt": "subrip", ".vtt": "webvtt", ".ass": "ass", ".ssa": "ass", ".ttml": "ttml", ".dfxp": "ttml"}

// parse calls the library and turns its panics on malformed input into errors.
func parse(format, text string) (s *astisub.Subtitles, err error) {
	defer func() {
		if r := recover(); r != nil {
			s, err = nil, fmt.Errorf("malformed: %v", r)
		}
	}()
	r := strings.NewReader(text)
	switch format {
	case "subrip":
		return astisub.ReadFromSRT(r)
	case "webvtt":
		return astisub.ReadFromWebVTT(r)
	case "ass":
		return astisub.ReadFromSSA(r)
	}
	return astisub.ReadFromTTML(r)
}

// utf8Text drops a byte order mark and decodes UTF-16.
func utf8Text(b []byte) (string, error) {
	if bytes.HasPrefix(b, []byte{0xff, 0xfe}) || bytes.HasPrefix(b, []byte{0xfe, 0xff}) {
		out, _, err := transform.Bytes(unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder(), b)
		return string(out), err
	}
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(b) || bytes.IndexByte(b, 0) >= 0 {
		return "", fmt.Errorf("not UTF-8")
	}
	return string(b), nil
}

const (
	maxCueEnd      = 24 * time.Hour
	maxCueWarnings = 20
)

func (c *Captions) collect(s *astisub.Subtitles) {
	for n, it := range s.Items {
		text := cueText(it)
		switch {
		case text == "":
			c.warn("cue %d has no text", n+1)
		case it.StartAt < 0 || it.EndAt <= it.StartAt:
			c.warn("cue %d ends before it starts", n+1)
		case it.EndAt > maxCueEnd:
			c.warn("cue %d ends after 24 hours", n+1)
		default:
			c.Cues = append(c.Cues, Cue{Range: media.Range{Start: fromDuration(it.StartAt), End: fromDuration(it.EndAt)}, Text: text})
		}
	}
	sort.SliceStable(c.Cues, func(i, j int) bool {
		a, b := c.Cues[i].Range, c.Cues[j].Range
		return a.Start < b.Start || a.Start == b.Start && a.End < b.End
	})
	for i := 1; i < len(c.Cues); i++ {
		if c.Cues[i].Range.Start < c.Cues[i-1].Range.End {
			c.warn("cue at %s overlaps the one before", vttTime(c.Cues[i].Range.Start))
		}
	}
}

func (c *Captions) warn(text string, args ...any) {
	if len(c.Warnings) < maxCueWarnings {
		c.Warnings = append(c.Warnings, fmt.Sprintf(text, args...))
	}
}

func fromDuration(d time.Duration) media.Time {
	return media.Time(d.Milliseconds()) * media.Millisecond
}

func cueText(it *astisub.Item) string {
	var lines []string
	for _, l := range it.Lines {
		var b strings.Builder
		for _, li := range l.Items {
			b.WriteString(li.Text)
		}
		if t := strings.TrimSpace(cleanCue(b.String())); t != "" {
			lines = append(lines, t)
		}
	}
	return strings.Join(lines, "\n")
}

// cleanCue drops control characters and ASS override blocks that survive in other formats.
func cleanCue(s string) string {
	for {
		i := strings.Index(s, "{\\")
		if i < 0 {
			break
		}
		j := strings.IndexByte(s[i:], '}')
		if j < 0 {
			break
		}
		s = s[:i] + s[i+j+1:]
	}
	s = strings.NewReplacer("\\N", "\n", "\\n", "\n", "\\h", " ").Replace(s)
	return strings.Map(func(r rune) rune {
		if r < 0x20 && r != '\n' || r == 0x7f {
			return -1
		}
		return r
	}, s)
}

// Shift moves every cue by d and drops what falls before zero.
func (c *Captions) Shift(d media.Time) {
	if d == 0 {
		return
	}
	kept := c.Cues[:0]
	for _, q := range c.Cues {
		q.Range.Start, q.Range.End = max(0, q.Range.Start+d), q.Range.End+d
		if q.Range.End > 0 {
			kept = append(kept, q)
		}
	}
	c.Cues = kept
}

// WebVTT renders the track (W3C WebVTT, 2019), text escaped.
func (c Captions) WebVTT() []byte {
	var b bytes.Buffer
	b.WriteString("WEBVTT\n")
	esc := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
	for _, q := range c.Cues {
		fmt.Fprintf(&b, "\n%s --> %s\n", vttTime(q.Range.Start), vttTime(q.Range.End))
		for line := range strings.SplitSeq(q.Text, "\n") {
			if line = strings.TrimSpace(line); line != "" {
				b.WriteString(esc.Replace(line) + "\n")
			}
		}
	}
	return b.Bytes()
}

func vttTime(t media.Time) string {
	ms := t.MS()
	return fmt.Sprintf("%02d:%02d:%02d.%03d", ms/3600000, ms/60000%60, ms/1000%60, ms%1000)
}
