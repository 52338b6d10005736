package caption

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"github.com/asticode/go-astisub"

	"showreel/fault"
	"showreel/media"
)

// The formats of Write.
const (
	SRT  = "srt"
	VTT  = "vtt"
	TTML = "ttml"
	ASS  = "ass"
	Text = "txt"
)

// Formats lists them.
func Formats() []string { return []string{SRT, VTT, TTML, ASS, Text} }

// Write renders cues. Speakers are named where named is set: as a voice span in WebVTT, in brackets elsewhere. Kind:
// fault.Unsupported "caption-format" for a format that is none of Formats.
func Write(cues []Cue, format, lang string, named bool) ([]byte, error) {
	if format == Text {
		return plain(cues, named), nil
	}
	subs := astisub.NewSubtitles()
	subs.Metadata = &astisub.Metadata{Language: lang, SSAScriptType: "v4.00+", SSAPlayResX: new(1920), SSAPlayResY: new(1080)}
	before := ""
	for n, c := range cues {
		item := &astisub.Item{Index: n + 1, StartAt: duration(c.Range.Start), EndAt: duration(c.Range.End)}
		for i, l := range c.Lines {
			line := astisub.Line{Items: []astisub.LineItem{{Text: l}}}
			if named && i == 0 && c.Speaker != "" && (c.Speaker != before || format == VTT) {
				if format == VTT {
					line.VoiceName = strings.NewReplacer(">", "", "<", "", "&", "and", "\n", " ").Replace(c.Speaker)
				} else {
					line.Items[0].Text = "[" + c.Speaker + "] " + l
				}
			}
			item.Lines = append(item.Lines, line)
		}
		before = c.Speaker
		subs.Items = append(subs.Items, item)
	}
	if len(subs.Items) == 0 {
		return empty(format)
	}
	var b bytes.Buffer
	var err error
	switch format {
	case SRT:
		err = subs.WriteToSRT(&b)
	case VTT:
		err = subs.WriteToWebVTT(&b)
	case TTML:
		err = subs.WriteToTTML(&b)
	case ASS:
		err = subs.WriteToSSA(&b)
	default:
		return nil, unknown(format)
	}
	if err != nil {
		return nil, fault.E("caption.write", format, fault.Internal, err)
	}
	return b.Bytes(), nil
}

// empty is a valid file without a cue; the library refuses to write one.
func empty(format string) ([]byte, error) {
	switch format {
	case SRT:
		return nil, nil
	case VTT:
		return []byte("WEBVTT\n"), nil
	case TTML:
		return []byte(`<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<tt xmlns="http://www.w3.org/ns/ttml"><body><div></div></body></tt>` + "\n"), nil
	case ASS:
		return []byte("[Script Info]\nScriptType: v4.00+\n\n[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"), nil
	}
	return nil, unknown(format)
}

func unknown(format string) error {
	return fault.Say("caption.write", format, fault.Unsupported, "caption-format", "Captions are written as %s.", strings.Join(Formats(), ", "))
}

// plain is running text: a paragraph for each speaker's turn, or one for each pause of some seconds.
func plain(cues []Cue, named bool) []byte {
	var b strings.Builder
	for n, c := range cues {
		turn := n > 0 && c.Speaker != cues[n-1].Speaker
		switch {
		case n == 0:
		case turn || c.Range.Start-cues[n-1].Range.End >= 3*media.Second:
			b.WriteString("\n\n")
		default:
			b.WriteString(" ")
		}
		if named && c.Speaker != "" && (n == 0 || turn) {
			fmt.Fprintf(&b, "%s: ", c.Speaker)
		}
		b.WriteString(c.Text())
	}
	if b.Len() > 0 {
		b.WriteString("\n")
	}
	return []byte(b.String())
}

func duration(t media.Time) time.Duration { return time.Duration(t.MS()) * time.Millisecond }
