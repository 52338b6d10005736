package ffmpegtranscode

import (
	"fmt"
	"strconv"
	"strings"

	"showreel/engine/transcode"
)

// frames is the chain that turns the decoder's output into exactly the frames [first-lead, first+count) of the plan's grid,
// deinterlaced, before anything is done to the picture.
//
// On the source's own grid frames are counted from where the seek landed (a quarter of a frame early, so that rounding
// never loses or adds one). Off the grid they are placed by absolute time, so that two chunks agree on every frame.
func (b builder) frames(first, count int64, lead int) string {
	var c []string
	if b.plan.Picture.Deinterlace {
		c = append(c, "bwdif=mode=send_frame:parity=auto:deint=all")
	}
	rate := b.plan.Rate
	spare := max(2, rate.Num/rate.Den/10) // frames a container promised and the decoder did not give
	if b.conform() {
		start := b.plan.Info.Main("video").Start.Seconds()
		c = append(c, fmt.Sprintf("setpts=PTS-(%s)/TB", seconds(start)), "fps=fps="+rate.String()+":round=near",
			fmt.Sprintf("tpad=stop_mode=clone:stop=%d", spare),
			fmt.Sprintf("trim=start_pts=%d:end_pts=%d", first-int64(lead), first+count))
	} else {
		c = append(c, fmt.Sprintf("tpad=stop_mode=clone:stop=%d", spare), fmt.Sprintf("trim=end_frame=%d", count+int64(lead)))
	}
	return strings.Join(append(c, fmt.Sprintf("settb=expr=%d/%d", rate.Den, rate.Num), "setpts=N"), ",")
}

// unindexedLead is how many seconds earlier a container without an index is opened: seeking lands on any packet there, and
// decoding starts at the next key frame. Longer GOPs than this are read from the start on the second try.
const unindexedLead = 12

// seek is the input's start in seconds and its options for the frames from first-lead on.
func (b builder) seek(first int64, lead int) (at float64, options []string) {
	start, fps := b.plan.Info.Main("video").Start.Seconds(), b.plan.Rate.FPS()
	n := float64(first - int64(lead))
	if b.conform() {
		at = start + (n-2)/fps
		switch {
		case b.indexed():
		case b.tolerant:
			at = 0
		default:
			at -= unindexedLead
		}
		return at, []string{"-copyts", "-noaccurate_seek"}
	}
	return start + (n-0.25)/fps, nil
}

// picture is the chain from a source frame to a finished upright picture, ready to be scaled; empty when nothing is to do.
// ffmpeg has applied the source's own rotation flag already.
func (b builder) picture() string {
	var c []string
	p := b.plan.Picture
	if k := p.Crop; k != nil {
		c = append(c, fmt.Sprintf("crop=w=iw*%s:h=ih*%s:x=iw*%s:y=ih*%s", num(k.W), num(k.H), num(k.X), num(k.Y)))
	}
	switch p.Rotate {
	case 90:
		c = append(c, "transpose=clock")
	case 180:
		c = append(c, "hflip", "vflip")
	case 270:
		c = append(c, "transpose=cclock")
	}
	if p.ToneMap {
		c = append(c, b.toneMap()...)
	}
	return strings.Join(c, ",")
}

// toneMap brings PQ or HLG to BT.709 with Hable's curve; the size is brought down to the largest rung first, because it
// costs a CPU-second a second at 1080p.
func (b builder) toneMap() []string {
	v := b.plan.Info.Main("video")
	w, h := b.largest()
	return []string{
		fmt.Sprintf("scale=%d:%d", w, h),
		fmt.Sprintf("zscale=tin=%s:pin=%s:min=%s:t=linear:npl=100", or(known(v.Transfer), "smpte2084"), zname(or(known(v.Primaries), "bt2020")), zname(or(known(v.Matrix), "bt2020nc"))),
		"format=gbrpf32le", "zscale=p=bt709", "tonemap=tonemap=hable:desat=0", "zscale=t=bt709:m=bt709:r=tv", "format=yuv420p",
	}
}

// zname is zscale's spelling.
func zname(s string) string {
	if s == "bt2020nc" {
		return "bt2020nc"
	}
	return strings.TrimSuffix(s, "_ncl")
}

func (b builder) largest() (w, h int) {
	if b.plan.Proxy != nil {
		w, h = b.plan.Proxy.Width, b.plan.Proxy.Height
	}
	for _, r := range b.plan.Rungs {
		if r.Width*r.Height > w*h {
			w, h = r.Width, r.Height
		}
	}
	return w, h
}

// fit frames the picture to the plan's shape; it returns a graph from [in] to [out] with labels under the prefix, because a
// blurred background needs two branches.
func (b builder) fit(in, out, prefix string) string {
	p := b.plan.Picture
	w, h := p.Width, p.Height
	if w == 0 || h == 0 {
		w, h = b.largest()
	}
	square := "scale=w=iw*sar:h=ih,setsar=1"
	switch p.Fit {
	case "cover":
		return fmt.Sprintf("[%s]%s,scale=%d:%d:force_original_aspect_ratio=increase,crop=%d:%d[%s]", in, square, w, h, w, h, out)
	case "contain":
		return fmt.Sprintf("[%s]%s,scale=%d:%d:force_original_aspect_ratio=decrease,pad=%d:%d:(ow-iw)/2:(oh-ih)/2,setsar=1[%s]", in, square, w, h, w, h, out)
	case "blur":
		return fmt.Sprintf("[%s]%s,split=2[%sbg][%sfg];[%sbg]scale=%d:%d:force_original_aspect_ratio=increase,crop=%d:%d,scale=%d:%d,gblur=sigma=3,scale=%d:%d[%sbl];"+
			"[%sfg]scale=%d:%d:force_original_aspect_ratio=decrease[%sfs];[%sbl][%sfs]overlay=(W-w)/2:(H-h)/2[%s]",
			in, square, prefix, prefix, prefix, w, h, w, h, even(w/8), even(h/8), w, h, prefix, prefix, w, h, prefix, prefix, prefix, out)
	}
	return fmt.Sprintf("[%s]null[%s]", in, out)
}

// scale brings a picture to a rung's size and the encoder's format.
func (b builder) scale(r transcode.Rung) string { return b.scaleBy(r, "") }

// scaleBy scales with the given options of the scale filter, each with a colon before it.
func (b builder) scaleBy(r transcode.Rung, options string) string {
	s := fmt.Sprintf("scale=%d:%d:out_range=tv%s", r.Width, r.Height, options)
	if rgb(b.plan.Info.Main("video").PixFmt) {
		s += ":out_color_matrix=bt709"
	}
	return s + ",setsar=1,format=" + b.pixels(r)
}

func num(f float64) string { return strconv.FormatFloat(f, 'f', 6, 64) }

func even(n int) int { return max(2, n&^1) }
