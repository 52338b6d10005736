package ffmpegtranscode

import (
	"math"
	"strconv"
	"strings"

	"golang.org/x/text/language"

	"showreel/media"
)

// answer is ffprobe's JSON, as far as it is used.
type answer struct {
	Streams  []answerStream  `json:"streams"`
	Chapters []answerChapter `json:"chapters"`
	Format   struct {
		Name      string            `json:"format_name"`
		StartTime string            `json:"start_time"`
		Duration  string            `json:"duration"`
		BitRate   string            `json:"bit_rate"`
		Tags      map[string]string `json:"tags"`
	} `json:"format"`
	raw []byte
}

type answerStream struct {
	Index          int               `json:"index"`
	CodecName      string            `json:"codec_name"`
	Profile        string            `json:"profile"`
	CodecType      string            `json:"codec_type"`
	CodecTag       string            `json:"codec_tag_string"`
	Width          int               `json:"width"`
	Height         int               `json:"height"`
	SAR            string            `json:"sample_aspect_ratio"`
	PixFmt         string            `json:"pix_fmt"`
	BitsPerRaw     string            `json:"bits_per_raw_sample"`
	FieldOrder     string            `json:"field_order"`
	ColorRange     string            `json:"color_range"`
	ColorSpace     string            `json:"color_space"`
	ColorTransfer  string            `json:"color_transfer"`
	ColorPrimaries string            `json:"color_primaries"`
	ClosedCaptions int               `json:"closed_captions"`
	SampleRate     string            `json:"sample_rate"`
	Channels       int               `json:"channels"`
	Layout         string            `json:"channel_layout"`
	RFrameRate     string            `json:"r_frame_rate"`
	AvgFrameRate   string            `json:"avg_frame_rate"`
	TimeBase       string            `json:"time_base"`
	StartTime      string            `json:"start_time"`
	Duration       string            `json:"duration"`
	BitRate        string            `json:"bit_rate"`
	NbFrames       string            `json:"nb_frames"`
	Disposition    map[string]int    `json:"disposition"`
	Tags           map[string]string `json:"tags"`
	SideData       []struct {
		Type     string  `json:"side_data_type"`
		Rotation float64 `json:"rotation"`
	} `json:"side_data_list"`
}

type answerChapter struct {
	StartTime string            `json:"start_time"`
	EndTime   string            `json:"end_time"`
	Tags      map[string]string `json:"tags"`
}

// info translates. A stream's start stays the container's own time stamp, because that is what seeking is exact with;
// chapters count from the container's start.
func (a *answer) info(p *prober) media.Info {
	zero := flicks(a.Format.StartTime)
	info := media.Info{
		Format: a.Format.Name, Duration: flicks(a.Format.Duration), Bytes: p.size,
		BitRateBPS: number(a.Format.BitRate), Tags: lowered(a.Format.Tags), Raw: a.raw, Timecode: tag(a.Format.Tags, "timecode"),
	}
	for _, s := range a.Streams {
		m := s.stream()
		if m.Duration == 0 && m.Type == "audio" {
			m.Duration = max(0, zero+info.Duration-m.Start)
		}
		info.Streams = append(info.Streams, m)
		if info.Timecode == "" {
			info.Timecode = tag(s.Tags, "timecode")
		}
	}
	for _, c := range a.Chapters {
		r := media.Range{Start: max(0, flicks(c.StartTime)-zero), End: flicks(c.EndTime) - zero}
		if !r.Empty() {
			info.Chapters = append(info.Chapters, media.Chapter{Range: r, Title: tag(c.Tags, "title")})
		}
	}
	return info
}

func (s answerStream) stream() media.Stream {
	m := media.Stream{
		Index: s.Index, Type: s.CodecType, Codec: s.CodecName, Profile: s.Profile, Lang: langOf(tag(s.Tags, "language")), Title: tag(s.Tags, "title"),
		Default: s.Disposition["default"] == 1, Forced: s.Disposition["forced"] == 1, Cover: s.Disposition["attached_pic"] == 1,
		Duration: flicks(s.Duration), BitRateBPS: number(s.BitRate), Frames: number(s.NbFrames),
		Width: s.Width, Height: s.Height, SAR: sarOf(s.SAR), PixFmt: s.PixFmt, BitDepth: bitDepth(s.PixFmt, s.BitsPerRaw),
		FieldOrder: s.FieldOrder, Primaries: s.ColorPrimaries, Transfer: s.ColorTransfer, Matrix: s.ColorSpace, ColorRange: s.ColorRange,
		Rate: rateOf(s.AvgFrameRate), Nominal: rateOf(s.RFrameRate),
		SampleRate: int(number(s.SampleRate)), Channels: s.Channels, Layout: s.Layout,
	}
	if s.StartTime != "" && s.StartTime != "N/A" {
		m.Start = flicks(s.StartTime)
	}
	if m.Type != "video" && m.Type != "audio" && m.Type != "subtitle" {
		m.Type = "data"
	}
	if m.Type != "video" {
		m.Rate, m.Nominal, m.SAR = media.Rate{}, media.Rate{}, [2]int{}
	}
	for _, d := range s.SideData {
		if d.Type == "Display Matrix" {
			m.Rotate = ((-int(math.Round(d.Rotation/90))*90)%360 + 360) % 360
		}
	}
	if s.ClosedCaptions == 1 {
		m.Captions = []string{"cea-608"}
	}
	if m.Duration == 0 {
		m.Duration = clock(tag(s.Tags, "DURATION"))
	}
	return m
}

// tag looks a tag up whatever its case.
func tag(tags map[string]string, key string) string {
	if v, ok := tags[key]; ok {
		return v
	}
	for k, v := range tags {
		if strings.EqualFold(k, key) {
			return v
		}
	}
	return ""
}

func lowered(in map[string]string) map[string]string {
	if len(in) == 0 {
		return nil
	}
	out := make(map[string]string, len(in))
	for k, v := range in {
		out[strings.ToLower(k)] = v
	}
	return out
}

// langOf turns ISO 639-2 into BCP 47; unknown and undetermined are empty.
func langOf(s string) string {
	t, err := language.Parse(s)
	if err != nil || t == language.Und {
		return ""
	}
	return t.String()
}

func flicks(s string) media.Time {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(f) || math.Abs(f) > 1e9 {
		return 0
	}
	return media.FromSeconds(f)
}

// clock reads Matroska's "00:00:03.000000000".
func clock(s string) media.Time {
	part := strings.Split(s, ":")
	if len(part) != 3 {
		return 0
	}
	h, errH := strconv.ParseFloat(part[0], 64)
	m, errM := strconv.ParseFloat(part[1], 64)
	sec, errS := strconv.ParseFloat(part[2], 64)
	if errH != nil || errM != nil || errS != nil || h > 1e5 {
		return 0
	}
	return media.FromSeconds(h*3600 + m*60 + sec)
}

func number(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

func rateOf(s string) media.Rate {
	n, d, ok := strings.Cut(s, "/")
	r := media.Rate{Num: number(n), Den: number(d)}
	if !ok || !r.Known() {
		return media.Rate{}
	}
	return r
}

func sarOf(s string) [2]int {
	n, d, ok := strings.Cut(s, ":")
	a, b := number(n), number(d)
	if !ok || a <= 0 || b <= 0 || a > 1<<20 || b > 1<<20 {
		return [2]int{1, 1}
	}
	return [2]int{int(a), int(b)}
}

func bitDepth(pixFmt, raw string) int {
	if n := number(raw); n > 0 {
		return int(n)
	}
	for _, d := range []string{"16", "14", "12", "10", "9"} {
		if strings.Contains(pixFmt, "p0"+d) || strings.HasSuffix(strings.TrimSuffix(strings.TrimSuffix(pixFmt, "le"), "be"), "p"+d) || strings.Contains(pixFmt, "gray"+d) {
			return int(number(d))
		}
	}
	if strings.HasPrefix(pixFmt, "p010") {
		return 10
	}
	if pixFmt == "" {
		return 0
	}
	return 8
}
