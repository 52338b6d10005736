package ffmpegtranscode

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"showreel/engine/transcode"
)

// The files a chunk writes beside its rungs.
const (
	scoresFile    = "scores.txt"
	checksFile    = "checks.txt"
	interlaceFile = "interlace.txt"
	strictFile    = "interlace-strict.txt"
	spritePattern = "sprite-%05d.jpg" // sheets count from 1; 0 is empty
	framePattern  = "frame-%06d.jpg"
)

// graph collects a filter graph and its outputs.
type graph struct {
	parts   []string
	outputs [][]string
}

func (g *graph) add(format string, args ...any) {
	g.parts = append(g.parts, fmt.Sprintf(format, args...))
}

// lead is how many frames before the chunk are decoded: one for the first frame's score, one more for the deinterlacer.
func (b builder) lead(t transcode.Task) int {
	n := 0
	if b.plan.Analysis.Shots || b.plan.Analysis.QC {
		n = 1
	}
	if b.plan.Picture.Deinterlace {
		n++
	}
	return int(min(int64(n), t.First))
}

func (b builder) rungs(t transcode.Task) []transcode.Rung {
	var out []transcode.Rung
	for _, r := range b.plan.Rungs {
		if !slices.Contains(t.Skip, r.Name) {
			out = append(out, r)
		}
	}
	return out
}

// chunk is the whole command of a chunk: one decode, every rung, every measurement.
func (b builder) chunk(t transcode.Task, threads int) []string {
	lead := b.lead(t)
	at, options := b.seek(t.First, lead)
	a := append(b.head(true), b.input(at, threads, options...)...)
	g := &graph{}
	b.chunkGraph(g, t, lead, threads)
	a = append(a, "-filter_complex_threads", strconv.Itoa(threads), "-filter_complex", strings.Join(g.parts, ";"))
	for _, o := range g.outputs {
		a = append(a, o...)
	}
	return a
}

func (b builder) chunkGraph(g *graph, t transcode.Task, lead, threads int) {
	an, rungs := b.plan.Analysis, b.rungs(t)
	source := fmt.Sprintf("0:%d", b.plan.Info.Main("video").Index)
	first := b.frames(t.First, t.Frames, lead)
	if an.QC {
		g.add("[%s]%s,split=2[fr][il]", source, first)
		b.interlace(g)
	} else {
		g.add("[%s]%s[fr]", source, first)
	}
	base := "fr"
	if pic := b.picture(); pic != "" {
		g.add("[%s]%s[pic]", base, pic)
		base = "pic"
	}
	if b.plan.Picture.Fit != "" {
		g.parts = append(g.parts, b.fit(base, "fit", "f"))
		base = "fit"
	}
	small := smallest(rungs)
	taps := b.taps()
	var heads []string
	for i := range rungs {
		heads = append(heads, fmt.Sprintf("[b%d]", i))
	}
	stills := b.hasStills(t)
	if stills {
		heads = append(heads, "[bf]")
	}
	if small < 0 && taps > 0 {
		heads = append(heads, "[an]")
	}
	g.add("[%s]split=%d%s", base, len(heads), strings.Join(heads, ""))
	for i, r := range rungs {
		b.rung(g, r, i, lead, threads, i == small && taps > 0, t)
	}
	if stills {
		b.stills(g, t, lead)
	}
	if taps > 0 {
		b.analysis(g, t, lead, taps)
	}
}

// smallest is the index of the smallest rung that is still as large as the analysis picture, which is then taken from it
// and costs next to nothing; -1 when there is none.
func smallest(rungs []transcode.Rung) int {
	best := -1
	for i, r := range rungs {
		if r.Width*r.Height >= 320*180 && (best < 0 || r.Width*r.Height < rungs[best].Width*rungs[best].Height) {
			best = i
		}
	}
	return best
}

func (b builder) taps() int {
	n := 0
	for _, on := range []bool{b.plan.Analysis.Shots, b.plan.Analysis.QC, b.plan.Analysis.Sprites != nil} {
		if on {
			n++
		}
	}
	return n
}

func (b builder) rung(g *graph, r transcode.Rung, i, lead, threads int, tapped bool, t transcode.Task) {
	cut := ""
	if lead > 0 {
		cut = fmt.Sprintf(",trim=start_frame=%d,setpts=N", lead)
	}
	if tapped {
		g.add("[b%d]%s,split=2[s%d][an]", i, b.scale(r), i)
		if cut == "" {
			cut = ",null"
		}
		g.add("[s%d]%s[r%d]", i, cut[1:], i)
	} else {
		g.add("[b%d]%s%s[r%d]", i, b.scale(r), cut, i)
	}
	out := append([]string{"-map", fmt.Sprintf("[r%d]", i)}, b.fpsMode("passthrough")...)
	out = append(out, "-frames:v", strconv.FormatInt(t.Frames, 10))
	out = append(out, b.encoder(r, b.plan.GOPFrames, threads)...)
	g.outputs = append(g.outputs, append(out, "-map_metadata", "-1", "-map_chapters", "-1", "-video_track_timescale", strconv.FormatInt(timescale(b.plan.Rate), 10),
		"-movflags", movflags, "-f", "mp4", "file:"+r.Name+".mp4"))
}

// every picks the first frame at or after each multiple of an interval of num/den seconds, counted from the asset's zero;
// a pure function of the frame's number, so that chunks agree.
func (b builder) every(t transcode.Task, lead int, milliseconds int64) string {
	first := t.First - int64(lead)
	up, down := b.interval(milliseconds)
	return fmt.Sprintf("trim=start_frame=%d,select='gt(floor((n+%d)*%d/%d),floor((n+%d-1)*%d/%d))'", lead, first+int64(lead), up, down, first+int64(lead), up, down)
}

// firstTick is the number of the first multiple of the interval that falls on a frame of the chunk.
func (b builder) firstTick(first int64, milliseconds int64) int64 {
	if first <= 0 {
		return 0
	}
	up, down := b.interval(milliseconds)
	return (first-1)*up/down + 1
}

// interval gives frames to intervals as a fraction; an interval is never shorter than a frame.
func (b builder) interval(milliseconds int64) (up, down int64) {
	up, down = b.plan.Rate.Den*1000, b.plan.Rate.Num*milliseconds
	return min(up, down), down
}

const jpegFormat = "scale=out_range=pc,format=yuvj420p"

// hasStills reports whether a second begins in the chunk. A last chunk may be shorter than that, and ffmpeg 8 fails where an
// output gets no frame.
func (b builder) hasStills(t transcode.Task) bool {
	return b.plan.Analysis.FramesWidth > 0 && b.firstTick(t.First, 1000) < b.firstTick(t.First+t.Frames, 1000)
}

// stills writes one JPEG a second for readers of text and faces.
func (b builder) stills(g *graph, t transcode.Task, lead int) {
	g.add("[bf]%s,scale=w='min(%d,trunc(iw*sar/2)*2)':h=-2,setsar=1,%s[st]", b.every(t, lead, 1000), b.plan.Analysis.FramesWidth, jpegFormat)
	out := append([]string{"-map", "[st]"}, b.fpsMode("passthrough")...)
	g.outputs = append(g.outputs, append(out, "-c:v", "mjpeg", "-q:v", "3", "-threads", "1", "-start_number", strconv.FormatInt(b.firstTick(t.First, 1000), 10), "-f", "image2", framePattern))
}

// interlace looks at unscaled lines, because scaling blends the fields: the middle 320x180 at the source's size.
func (b builder) interlace(g *graph) {
	g.add("[il]crop=w='min(iw,320)':h='min(ih,180)':x='floor((iw-ow)/4)*2':y='floor((ih-oh)/4)*2',idet,metadata=mode=print:key=%s:file=%s,idet=intl_thres=1.4,metadata=mode=print:key=%s:file=%s[ilo]", fieldsKey, interlaceFile, fieldsKey, strictFile)
	g.outputs = append(g.outputs, b.sink("ilo"))
}

func (b builder) sink(label string) []string {
	return append(append([]string{"-map", "[" + label + "]"}, b.fpsMode("passthrough")...), "-f", "null", "-")
}

// analysis measures the small picture [an].
func (b builder) analysis(g *graph, t transcode.Task, lead, taps int) {
	an := b.plan.Analysis
	var heads []string
	if an.Shots {
		heads = append(heads, "[sc]")
	}
	if an.QC {
		heads = append(heads, "[qc]")
	}
	if an.Sprites != nil {
		heads = append(heads, "[sp]")
	}
	g.add("[an]split=%d%s", taps, strings.Join(heads, ""))
	if an.Shots {
		g.add("[sc]scale=160:90,format=gray,scdet=t=10,format=yuv420p,signalstats,metadata=mode=print:file=%s[sco]", scoresFile)
		g.outputs = append(g.outputs, b.sink("sco"))
	}
	if an.QC {
		g.add("[qc]scale=320:180,setsar=1,format=yuv420p,blackdetect=d=0:pic_th=0.98:pix_th=0.10,freezedetect=n=0.001:d=0.25,cropdetect=limit=24:round=2:reset=0,metadata=mode=print:file=%s[qco]", checksFile)
		g.outputs = append(g.outputs, b.sink("qco"))
	}
	if s := an.Sprites; s != nil {
		// ffmpeg reports no progress before every output has had a frame, and a sheet may not be full before the chunk's end:
		// an empty sheet goes first.
		g.add("color=c=black:s=%dx%d:r=1,trim=end_frame=1,format=yuv444p,setsar=1[spe]", s.TileW*s.Cols, s.TileH*s.Rows)
		g.add("[sp]%s,scale=%d:%d:force_original_aspect_ratio=decrease,format=yuv444p,pad=%d:%d:(ow-iw)/2:(oh-ih)/2,setsar=1,tile=%dx%d[sps]",
			b.every(t, lead, int64(s.IntervalMS)), s.TileW, s.TileH, s.TileW, s.TileH, s.Cols, s.Rows)
		g.add("[spe][sps]concat=n=2:v=1,setpts=1000*N/TB,%s[spo]", jpegFormat)
		out := append([]string{"-map", "[spo]"}, b.fpsMode("passthrough")...)
		g.outputs = append(g.outputs, append(out, "-c:v", "mjpeg", "-q:v", "4", "-threads", "1", "-start_number", "0", "-f", "image2", spritePattern))
	}
}
