package cmaf

import (
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"
	"time"

	"showreel/media"
)

// growingUpdate is how often DASH players reload a growing manifest.
const growingUpdate = "PT1S"

// MPD writes the DASH manifest (ISO/IEC 23009-1, live profile with SegmentTimeline). A growing view is dynamic with every
// listed segment available at once; now is the publish time. licence is the absolute URL of the ClearKey licence endpoint
// (players resolve it against their page, not the manifest); empty names none.
func (v *View) MPD(now time.Time, licence string) []byte {
	var b strings.Builder
	b.WriteString(xml.Header)
	b.WriteString(`<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" xmlns:cenc="urn:mpeg:cenc:2013" xmlns:dashif="https://dashif.org/CPS" ` +
		`profiles="urn:mpeg:dash:profile:isoff-live:2011,urn:mpeg:dash:profile:cmaf:2019" minBufferTime="PT2S"`)
	if v.growing {
		start := time.UnixMilli(v.started).UTC()
		fmt.Fprintf(&b, ` type="dynamic" availabilityStartTime="%s" publishTime="%s" minimumUpdatePeriod="%s"`,
			start.Format(time.RFC3339), now.UTC().Format(time.RFC3339), growingUpdate)
	} else {
		fmt.Fprintf(&b, ` type="static" mediaPresentationDuration="%s"`, isoDuration(v.length))
	}
	b.WriteString(">\n<Period id=\"0\" start=\"PT0S\">\n")
	id := 0
	for _, set := range v.videoSets() {
		main := id
		v.videoSet(&b, set, id, licence)
		id++
		v.trickSet(&b, set, id, main, licence)
		id++
	}
	for _, set := range v.audioSets() {
		v.audioSet(&b, set, id, licence)
		id++
	}
	for _, w := range v.text {
		textSet(&b, w, id)
		id++
	}
	b.WriteString("</Period>\n</MPD>\n")
	return []byte(b.String())
}

// isoDuration renders seconds as xs:duration.
func isoDuration(t media.Time) string {
	return "PT" + strconv.FormatFloat(t.Seconds(), 'f', 6, 64) + "S"
}

// videoSets groups the videos a player may switch between without a new decoder: same codec and range.
func (v *View) videoSets() [][]*window {
	return group(v.video, func(w *window) string { f, _, _ := strings.Cut(w.Codec, "."); return f + w.VideoRange })
}

func (v *View) audioSets() [][]*window {
	return group(v.audio, func(w *window) string {
		f, _, _ := strings.Cut(w.Codec, ".")
		return f + "/" + w.Lang + "/" + w.Role + "/" + w.Title
	})
}

func group(in []*window, key func(*window) string) [][]*window {
	var out [][]*window
	at := map[string]int{}
	for _, w := range in {
		k := key(w)
		i, ok := at[k]
		if !ok {
			i = len(out)
			at[k] = i
			out = append(out, nil)
		}
		out[i] = append(out[i], w)
	}
	return out
}

func (v *View) videoSet(b *strings.Builder, set []*window, id int, licence string) {
	fmt.Fprintf(b, `<AdaptationSet id="%d" contentType="video" mimeType="video/mp4" segmentAlignment="true" startWithSAP="1">`+"\n", id)
	hdr(b, set[0])
	for _, w := range set {
		fmt.Fprintf(b, `<Representation id="%s" codecs="%s" bandwidth="%d"%s>`+"\n", w.Name, w.Codec, max(1, w.PeakBPS), size(w))
		protectionElements(b, w, licence)
		v.template(b, w, "")
		b.WriteString("</Representation>\n")
	}
	b.WriteString("</AdaptationSet>\n")
}

// trickSet is the key frames alone, for scrubbing (DASH-IF IOP, trick mode).
func (v *View) trickSet(b *strings.Builder, set []*window, id, main int, licence string) {
	fmt.Fprintf(b, `<AdaptationSet id="%d" contentType="video" mimeType="video/mp4" segmentAlignment="true" startWithSAP="1">`+"\n"+
		`<EssentialProperty schemeIdUri="http://dashif.org/guidelines/trickmode" value="%d"/>`+"\n", id, main)
	for _, w := range set {
		var bytes, ticks int64
		for _, s := range w.Segments[w.first : w.last+1] {
			bytes, ticks = bytes+s.KeyframeSize, ticks+s.Duration
		}
		fmt.Fprintf(b, `<Representation id="%s.i" codecs="%s" bandwidth="%d" codingDependency="false" width="%d" height="%d">`+"\n",
			w.Name, w.Codec, max(1, rateBPS(bytes, ticks, w.Timescale)), w.Width, w.Height)
		protectionElements(b, w, licence)
		v.template(b, w, "i")
		b.WriteString("</Representation>\n")
	}
	b.WriteString("</AdaptationSet>\n")
}

func hdr(b *strings.Builder, w *window) {
	transfer := map[string]int{RangePQ: 16, RangeHLG: 18}[w.VideoRange]
	if transfer > 0 {
		fmt.Fprintf(b, `<SupplementalProperty schemeIdUri="urn:mpeg:mpegB:cicp:TransferCharacteristics" value="%d"/>`+"\n", transfer)
	}
}

func size(w *window) string {
	s := fmt.Sprintf(` width="%d" height="%d"`, w.Width, w.Height)
	if w.Rate.Known() {
		s += fmt.Sprintf(` frameRate="%s"`, strings.TrimSuffix(w.Rate.String(), "/1"))
	}
	return s
}

func (v *View) audioSet(b *strings.Builder, set []*window, id int, licence string) {
	w := set[0]
	fmt.Fprintf(b, `<AdaptationSet id="%d" contentType="audio" mimeType="audio/mp4" segmentAlignment="true" startWithSAP="1"%s>`+"\n", id, lang(w))
	label(b, w)
	fmt.Fprintf(b, `<Role schemeIdUri="urn:mpeg:dash:role:2011" value="%s"/>`+"\n", audioRole(w))
	for _, w := range set {
		fmt.Fprintf(b, `<Representation id="%s" codecs="%s" bandwidth="%d" audioSamplingRate="%d">`+"\n", w.Name, w.Codec, max(1, w.PeakBPS), w.SampleRate)
		fmt.Fprintf(b, `<AudioChannelConfiguration schemeIdUri="urn:mpeg:dash:23003:3:audio_channel_configuration:2011" value="%d"/>`+"\n", w.Channels)
		protectionElements(b, w, licence)
		v.template(b, w, "")
		b.WriteString("</Representation>\n")
	}
	b.WriteString("</AdaptationSet>\n")
}

func audioRole(w *window) string {
	switch {
	case w.Role == RoleCommentary:
		return "commentary"
	case w.Role == RoleDescription:
		return "description"
	case w.Default || w.Role == RoleMain || w.Role == "":
		return "main"
	}
	return "alternate"
}

func textSet(b *strings.Builder, w *window, id int) {
	role := "subtitle"
	switch w.Role {
	case RoleCaptions, RoleTranscribed:
		role = "caption"
	case RoleForced:
		role = "forced-subtitle"
	}
	fmt.Fprintf(b, `<AdaptationSet id="%d" contentType="text" mimeType="text/vtt"%s>`+"\n", id, lang(w))
	label(b, w)
	fmt.Fprintf(b, `<Role schemeIdUri="urn:mpeg:dash:role:2011" value="%s"/>`+"\n", role)
	fmt.Fprintf(b, `<Representation id="%s" bandwidth="1000"><BaseURL>%s/%s</BaseURL></Representation>`+"\n</AdaptationSet>\n", w.Name, w.Name, textName(wholeText, w))
}

func lang(w *window) string {
	if w.Lang == "" {
		return ""
	}
	return fmt.Sprintf(` lang="%s"`, escape(w.Lang))
}

func label(b *strings.Builder, w *window) {
	if w.Title != "" {
		fmt.Fprintf(b, "<Label>%s</Label>\n", escape(w.Title))
	}
}

func escape(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a Builder never fails
	return b.String()
}

// template writes the segment addresses and times; equal neighbours are run-length coded.
func (v *View) template(b *strings.Builder, w *window, prefix string) {
	available := ""
	if v.growing {
		available = ` availabilityTimeOffset="INF"`
	}
	fmt.Fprintf(b, `<SegmentTemplate timescale="%d" initialization="%s/%s" media="%s/%s$Number$.m4s" startNumber="%d"%s>`+"\n<SegmentTimeline>",
		w.Timescale, w.Name, InitName, w.Name, prefix, w.first, available)
	next := int64(-1)
	for n := w.first; n <= w.last; {
		start, d := w.span(n)
		run := 1
		for n+run <= w.last {
			t, e := w.span(n + run)
			if e != d || t != start+int64(run)*d {
				break
			}
			run++
		}
		b.WriteString("<S")
		if start != next {
			fmt.Fprintf(b, ` t="%d"`, start)
		}
		fmt.Fprintf(b, ` d="%d"`, d)
		if run > 1 {
			fmt.Fprintf(b, ` r="%d"`, run-1)
		}
		b.WriteString("/>")
		next = start + int64(run)*d
		n += run
	}
	b.WriteString("</SegmentTimeline>\n</SegmentTemplate>\n")
}

// protectionElements writes the ContentProtection elements of an encrypted representation.
func protectionElements(b *strings.Builder, w *window, licence string) {
	if w.protect == nil {
		return
	}
	p := w.protect
	fmt.Fprintf(b, `<ContentProtection schemeIdUri="urn:mpeg:dash:mp4protection:2011" value="%s" cenc:default_KID="%s"/>`+"\n", p.Scheme, uuidText(p.KID))
	if licence != "" {
		fmt.Fprintf(b, `<ContentProtection schemeIdUri="urn:uuid:%s" value="ClearKey1.0"><dashif:Laurl>%s</dashif:Laurl></ContentProtection>`+"\n",
			uuidText(SystemClearKey), escape(licence))
	}
	for _, s := range p.Systems {
		if s.DASH != "" {
			b.WriteString(s.DASH + "\n")
		}
	}
}
