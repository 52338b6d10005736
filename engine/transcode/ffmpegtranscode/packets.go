package ffmpegtranscode

import (
	"bytes"
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"

	"showreel/fault"
	"showreel/media"
)

// maxPackets bounds what is kept of a stream: 40 hours at 60 frames a second.
const maxPackets = 9_000_000

// packetList reads ffprobe's "pts,dts,duration,flags" lines as they come.
type packetList struct {
	rest []byte
	pts  []int64
	keys []int64
	last int64 // duration of the packet shown last
	end  int64
}

// Write implements io.Writer.
func (l *packetList) Write(b []byte) (int, error) {
	l.rest = append(l.rest, b...)
	for {
		i := bytes.IndexByte(l.rest, '\n')
		if i < 0 {
			return len(b), nil
		}
		l.line(string(l.rest[:i]))
		l.rest = l.rest[i+1:]
	}
}

func (l *packetList) line(s string) {
	f := strings.Split(strings.TrimSpace(s), ",")
	if len(f) < 4 || len(l.pts) >= maxPackets || strings.Contains(f[3], "D") {
		return
	}
	t, err := strconv.ParseInt(f[0], 10, 64)
	if err != nil {
		if t, err = strconv.ParseInt(f[1], 10, 64); err != nil {
			return
		}
	}
	l.pts = append(l.pts, t)
	if strings.HasPrefix(f[3], "K") {
		l.keys = append(l.keys, t)
	}
	if d := number(f[2]); t+d > l.end || len(l.pts) == 1 {
		l.end, l.last = t+d, d
	}
}

// measure fills in what only the packets tell: frame count, true rate, whether it varies, keyframes, exact duration.
func (p *prober) measure(v *media.Stream, a *answer, l *packetList) error {
	var base media.Rate
	for _, s := range a.Streams {
		if s.Index == v.Index {
			base = rateOf(s.TimeBase)
		}
	}
	v.Frames = int64(len(l.pts))
	if v.Frames == 0 {
		return nil
	}
	if !base.Known() {
		return fault.E("transcode.probe", p.name, fault.Internal, nil)
	}
	at := func(t int64) media.Time { return media.FromTicks(t*base.Num, base.Den) }
	sort.Slice(l.pts, func(i, j int) bool { return l.pts[i] < l.pts[j] })
	if len(l.keys) > 0 { // frames shown before the first key frame cannot be decoded
		lead, _ := slices.BinarySearch(l.pts, slices.Min(l.keys))
		l.pts = l.pts[lead:]
		v.Frames = int64(len(l.pts))
	}
	first := at(l.pts[0])
	v.Start = first
	v.Rate, v.VFR = trueRate(l.pts, base, v.Rate, v.Nominal)
	for _, k := range l.keys {
		v.Keyframes = append(v.Keyframes, at(k)-first)
	}
	sort.Slice(v.Keyframes, func(i, j int) bool { return v.Keyframes[i] < v.Keyframes[j] })
	if v.VFR {
		v.Duration = at(l.pts[len(l.pts)-1]+max(l.last, 0)) - first
		if l.last <= 0 && v.Rate.Known() {
			v.Duration += v.Rate.At(1)
		}
		return nil
	}
	v.Duration = v.Rate.At(v.Frames)
	return nil
}

// common are the rates worth trying beside what the container says.
var common = []media.Rate{{Num: 24, Den: 1}, {Num: 24000, Den: 1001}, {Num: 25, Den: 1}, {Num: 30, Den: 1}, {Num: 30000, Den: 1001}, {Num: 48, Den: 1},
	{Num: 50, Den: 1}, {Num: 60, Den: 1}, {Num: 60000, Den: 1001}, {Num: 12, Den: 1}, {Num: 15, Den: 1}, {Num: 10, Den: 1}, {Num: 120, Den: 1}}

// trueRate finds the rate on whose grid every frame lies within a quarter of a frame: what the chunk join rule needs. A
// stream on no grid varies; its rate is the average, snapped to a common one within one percent.
func trueRate(pts []int64, base, average, nominal media.Rate) (rate media.Rate, vfr bool) {
	try := append([]media.Rate{nominal, average}, common...)
	for _, r := range try {
		if r.Known() && r.FPS() <= 1000 && onGrid(pts, base, r) {
			return r, false
		}
	}
	if n := len(pts); n > 1 && pts[n-1] > pts[0] {
		mean := float64(n-1) * float64(base.Den) / (float64(pts[n-1]-pts[0]) * float64(base.Num))
		for _, r := range common {
			if math.Abs(r.FPS()/mean-1) < 0.01 {
				return r, true
			}
		}
	}
	if average.Known() && average.FPS() <= 240 {
		return average, true
	}
	if nominal.Known() && nominal.FPS() <= 240 {
		return nominal, true
	}
	return media.Rate{Num: 25, Den: 1}, len(pts) > 1
}

func onGrid(pts []int64, base, r media.Rate) bool {
	perTick := float64(base.Num) / float64(base.Den) * float64(r.Num) / float64(r.Den)
	for i, t := range pts {
		if math.Abs(float64(t-pts[0])*perTick-float64(i)) > 0.24 {
			return false
		}
	}
	return true
}
