package caption

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/asticode/go-astisub"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

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

// Write renders cues. Speakers are named where named is set: as a voice span in WebVTT, in brackets elsewhere. A cue in
// another language than the track's says so where the format can: as a language span in WebVTT, by xml:lang in TTML, by its
// language's name in text. Kind: fault.Unsupported "caption-format" for a format that is none of Formats.
func Write(cues []Cue, format, lang string, named bool) ([]byte, error) {
	switch format {
	case Text:
		return plain(cues, named), nil
	case VTT:
		return webVTT(cues, named), nil
	}
	subs := astisub.NewSubtitles()
	subs.Metadata = &astisub.Metadata{Language: lang, SSAScriptType: "v4.00+", SSAPlayResX: new(1920), SSAPlayResY: new(1080)}
	before := ""
	for n, c := range cues {
		item := &astisub.Item{Index: n + 1, StartAt: duration(c.Range.Start), EndAt: duration(c.Range.End)}
		for i, l := range c.Lines {
			line := astisub.Line{Items: []astisub.LineItem{{Text: l}}}
			if named && i == 0 && c.Speaker != "" && c.Speaker != before {
				line.Items[0].Text = "[" + c.Speaker + "] " + l
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
	case TTML:
		if err = subs.WriteToTTML(&b); err == nil {
			return inLanguages(b.Bytes(), cues), nil
		}
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

// webVTT renders WebVTT (W3C, 2019): voice spans §3.3, language spans §3.3.
func webVTT(cues []Cue, named bool) []byte {
	var b strings.Builder
	b.WriteString("WEBVTT\n")
	escape := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
	stamp := func(t media.Time) string {
		ms := t.MS()
		return fmt.Sprintf("%02d:%02d:%02d.%03d", ms/3_600_000, ms/60_000%60, ms/1000%60, ms%1000)
	}
	for n, c := range cues {
		text := escape.Replace(strings.Join(c.Lines, "\n"))
		if c.Lang != "" {
			text = "<lang " + c.Lang + ">" + text + "</lang>"
		}
		if named && c.Speaker != "" {
			text = "<v " + strings.NewReplacer(">", "", "<", "", "&", "and", "\n", " ").Replace(c.Speaker) + ">" + text
		}
		fmt.Fprintf(&b, "\n%d\n%s --> %s\n%s\n", n+1, stamp(c.Range.Start), stamp(c.Range.End), text)
	}
	return []byte(b.String())
}

// inLanguages gives the paragraphs of a TTML file, one a cue in order, the languages of their cues (TTML 1 §8.2.21).
func inLanguages(ttml []byte, cues []Cue) []byte {
	n := -1
	return paragraph.ReplaceAllFunc(ttml, func(tag []byte) []byte {
		if n++; n >= len(cues) || cues[n].Lang == "" {
			return tag
		}
		return []byte(`<p xml:lang="` + cues[n].Lang + `" `)
	})
}

var paragraph = regexp.MustCompile(`<p `)

// LanguageName is a language's name in itself, or its tag.
func LanguageName(tag string) string {
	if t, err := language.Parse(tag); err == nil {
		if name := display.Self.Name(t); name != "" {
			return name
		}
	}
	return tag
}

// empty is a valid file without a cue; the library refuses to write one.
func empty(format string) ([]byte, error) {
	switch format {
	case SRT:
		return nil, nil
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
		turn := n > 0 && (c.Speaker != cues[n-1].Speaker || c.Lang != cues[n-1].Lang)
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
		if c.Lang != "" && (n == 0 || c.Lang != cues[n-1].Lang) {
			fmt.Fprintf(&b, "(%s) ", LanguageName(c.Lang))
		}
		b.WriteString(c.Text())
	}
	if b.Len() > 0 {
		b.WriteString("\n")
	}
	return []byte(b.String())
}

func duration(t media.Time) time.Duration { return time.Duration(t.MS()) * time.Millisecond }
