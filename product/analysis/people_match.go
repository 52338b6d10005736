package analysis

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"showreel/fault"
	"showreel/media"
	"showreel/platform/sqldb"
	"showreel/product/analysis/cluster"
)

// The mean cosine at which two groups of faces, or of voices, are one person. Measured on labelled faces and on recordings of
// packaged voices (bench, area analysis): of faces, all pairs that 0.50 to 0.55 joins are right and 98 % of the right ones are
// joined, at 0.60 77 %, and at 0.45 a quarter of the joined pairs is wrong.
const (
	SameLooks  = 0.55
	SameTimbre = 0.80
)

const (
	mostGrouped = 1500 // tracks that are grouped with each other; the others join the groups that they resemble
	leastLike   = 0.30 // a face that is too blurred or too small to tell who it is
)

// crowd is everything that is known about a tenant's faces, or voices.
type crowd struct {
	tracks  []sighted
	persons map[string]Person
	links   []link
	each    bool // only people with a consent of their own are recognised
	agreed  map[string]bool
}

func (s *Service) crowd(ctx context.Context, q sqldb.Querier, tenant, kind string) (crowd, error) {
	var c crowd
	b, err := biometricsOf(ctx, q, tenant)
	if err != nil {
		return c, err
	}
	c.each = b.EachPerson
	if c.tracks, err = sightedWhere(ctx, q, `tenant = $1 AND kind = $2`, tenant, kind); err != nil {
		return c, err
	}
	if b.Enabled && (b.ExpiresMS == 0 || b.ExpiresMS > s.nowMS()) {
		vectors, err := s.vectorsOf(ctx, q, tenant, kind)
		if err != nil {
			return c, err
		}
		for n := range c.tracks {
			v := vectors[c.tracks[n].ID]
			c.tracks[n].Vector, c.tracks[n].Model = v.Vector, v.Model
		}
	}
	if c.persons, err = personsOf(ctx, q, tenant); err != nil {
		return c, err
	}
	if c.links, err = linksWhere(ctx, q, `tenant = $1 AND kind = $2`, tenant, kind); err != nil {
		return c, err
	}
	agreed, err := collect(ctx, q, func(r scanner) (p string, err error) { return p, r.Scan(&p) },
		`SELECT person FROM analysis_consents WHERE tenant = $1 AND ended_ms = 0 AND (expires_ms = 0 OR expires_ms > $2)`, tenant, s.nowMS())
	c.agreed = map[string]bool{}
	for _, p := range agreed {
		c.agreed[p] = true
	}
	return c, err
}

// recognised reports whether a person's likeness may be looked for.
func (c crowd) recognised(person string) bool {
	p, ok := c.persons[person]
	return ok && p.Withdrawn == "" && (!c.each || c.agreed[person])
}

// about finds the track that a place is about, or -1.
func (c crowd) about(p place) int {
	best, at := 0.0, -1
	for n, x := range c.tracks {
		if f := x.fits(p); f > best && x.is(p) {
			best, at = f, n
		}
	}
	return at
}

// decided is what people said about the tracks.
type decided struct {
	is     map[int]string          // track to person
	not    map[int]map[string]bool // track to persons whom it is not
	must   []cluster.Pair
	cannot []cluster.Pair
}

func (c crowd) decisions() decided {
	d := decided{is: map[int]string{}, not: map[int]map[string]bool{}}
	for _, l := range c.links {
		n := c.about(l.At)
		if n < 0 {
			continue
		}
		switch l.Verdict {
		case verdictIs:
			if _, ok := c.persons[l.Person]; ok {
				d.is[n] = l.Person // the later word counts: links are in order
			}
		case verdictNot:
			if d.not[n] == nil {
				d.not[n] = map[string]bool{}
			}
			d.not[n][l.Person] = true
		case verdictTogether, verdictApart:
			if l.Other == nil {
				continue
			}
			if m := c.about(*l.Other); m >= 0 && m != n {
				if l.Verdict == verdictApart {
					d.cannot = append(d.cannot, cluster.Pair{A: n, B: m})
				} else {
					d.must = append(d.must, cluster.Pair{A: n, B: m})
				}
			}
		}
	}
	for n, list := range d.not {
		for m, person := range d.is {
			if list[person] && m != n {
				d.cannot = append(d.cannot, cluster.Pair{A: n, B: m})
			}
		}
	}
	d.cannot = append(d.cannot, c.atOnce()...)
	return d
}

// atOnce pairs what cannot be one: two faces in one picture, two speakers of one asset whose turns differ.
func (c crowd) atOnce() []cluster.Pair {
	var out []cluster.Pair
	for first := 0; first < len(c.tracks); {
		last := first + 1 // tracks are in order of asset and version
		for last < len(c.tracks) && c.tracks[last].ref() == c.tracks[first].ref() {
			last++
		}
		for a := first; a < last; a++ {
			for b := a + 1; b < last; b++ {
				if c.tracks[a].Kind == kindVoice || together(c.tracks[a], c.tracks[b]) {
					out = append(out, cluster.Pair{A: a, B: b})
				}
			}
		}
		first = last
	}
	return out
}

// together reports whether two faces are in one picture.
func together(a, b sighted) bool {
	if a.Range.End < b.Range.Start || b.Range.End < a.Range.Start {
		return false
	}
	return slices.ContainsFunc(a.Detail.Spots, func(x media.Spot) bool {
		return slices.ContainsFunc(b.Detail.Spots, func(y media.Spot) bool { return x.At == y.At })
	})
}

// settle says who every track is and which belong together, and returns those that changed.
func (c crowd) settle(same float64) []sighted {
	d := c.decisions()
	was := slices.Clone(c.tracks)
	var items []cluster.Item
	var of []int // item to track
	place := make([]int, len(c.tracks))
	add := func(n int) {
		x := c.tracks[n]
		place[n] = -1
		if who := d.is[n]; x.Vector == nil || x.Score < leastLike && who == "" || who != "" && !c.recognised(who) {
			return
		}
		place[n] = len(items)
		items, of = append(items, cluster.Item{Vector: x.Vector, Name: d.is[n]}), append(of, n)
	}
	for n := range c.tracks {
		add(n)
	}
	inner := func(pairs []cluster.Pair) (out []cluster.Pair) {
		for _, p := range pairs {
			if a, b := place[p.A], place[p.B]; a >= 0 && b >= 0 {
				out = append(out, cluster.Pair{A: a, B: b})
			}
		}
		return out
	}
	for n, name := range c.looks(d.is, same) {
		if place[n] >= 0 {
			items[place[n]].Name = name
		}
	}
	groups := grouped(items, cluster.Links{Cannot: inner(d.cannot)}, same)
	groups = joined(groups, inner(d.must), items)
	name, label := map[int]string{}, map[int]string{}
	for n, g := range groups {
		if items[n].Name != "" {
			name[g] = d.is[of[n]]
		}
		if id := c.tracks[of[n]].ID; label[g] == "" || id < label[g] {
			label[g] = id
		}
	}
	for n := range c.tracks {
		x := &c.tracks[n]
		x.Person, x.How, x.Group = d.is[n], "", ""
		if x.Person != "" {
			x.How = howConfirmed
		}
		if place[n] < 0 {
			continue
		}
		g := groups[place[n]]
		x.Group = label[g]
		if x.Person == "" && name[g] != "" && !d.not[n][name[g]] {
			x.Person, x.How = name[g], howMatched
		}
	}
	var out []sighted
	for n, x := range c.tracks {
		if w := was[n]; w.Person != x.Person || w.How != x.How || w.Group != x.Group {
			out = append(out, x)
		}
	}
	return out
}

// joined makes one group of those that people joined, unless they are named as two.
func joined(groups []int, must []cluster.Pair, items []cluster.Item) []int {
	name := map[int]string{}
	for n, g := range groups {
		if items[n].Name != "" {
			name[g] = items[n].Name
		}
	}
	for _, p := range must {
		a, b := groups[p.A], groups[p.B]
		if a == b || name[a] != "" && name[b] != "" && name[a] != name[b] {
			continue
		}
		name[a] = max(name[a], name[b])
		for n := range groups {
			if groups[n] == b {
				groups[n] = a
			}
		}
	}
	return groups
}

// looks names the confirmed tracks by person and look: somebody with and without a beard is two groups with one name,
// each of which finds its like, where one group would be the mean of both and resemble neither.
func (c crowd) looks(is map[int]string, same float64) map[int]string {
	mine := map[string][]int{}
	for n, person := range is {
		if c.tracks[n].Vector != nil {
			mine[person] = append(mine[person], n)
		}
	}
	out := map[int]string{}
	for person, list := range mine {
		slices.Sort(list)
		items := make([]cluster.Item, len(list))
		for k, n := range list {
			items[k].Vector = c.tracks[n].Vector
		}
		for k, look := range grouped(items, cluster.Links{}, same) {
			out[list[k]] = fmt.Sprintf("%s %d", person, look)
		}
	}
	return out
}

// grouped is cluster.Group; of very many, those that people named or linked and the newest are grouped, and the others
// join the group that they resemble most.
func grouped(items []cluster.Item, links cluster.Links, same float64) []int {
	if len(items) <= mostGrouped {
		return cluster.Group(items, links, same)
	}
	first := map[int]bool{}
	for _, p := range append(slices.Clone(links.Must), links.Cannot...) {
		if len(first) < mostGrouped/2 {
			first[p.A], first[p.B] = true, true
		}
	}
	for n := len(items) - 1; n >= 0; n-- {
		if items[n].Name != "" || len(first) < mostGrouped {
			first[n] = true
		}
	}
	place, inner, of := map[int]int{}, []cluster.Item{}, []int{}
	for n := range items {
		if first[n] {
			place[n] = len(inner)
			inner, of = append(inner, items[n]), append(of, n)
		}
	}
	keep := func(pairs []cluster.Pair) (out []cluster.Pair) {
		for _, p := range pairs {
			if first[p.A] && first[p.B] {
				out = append(out, cluster.Pair{A: place[p.A], B: place[p.B]})
			}
		}
		return out
	}
	groups := cluster.Group(inner, cluster.Links{Must: keep(links.Must), Cannot: keep(links.Cannot)}, same)
	members := make([][][]float32, groups.Count())
	for n, g := range groups {
		members[g] = append(members[g], inner[n].Vector)
	}
	means := make([][]float32, len(members))
	for g := range members {
		means[g] = cluster.Mean(members[g]...)
	}
	out, next := make([]int, len(items)), len(means)
	for n := range items {
		if first[n] {
			out[n] = groups[place[n]]
		} else if out[n] = cluster.Assign([][]float32{items[n].Vector}, means, same, 0.03)[0]; out[n] < 0 {
			out[n], next = next, next+1
		}
	}
	return out
}

// Regroup looks at all faces and voices of a tenant again: who is known, who resembles whom. It changes what it finds
// changed, in the registry and on the timelines, and gives the same result when it is repeated.
func (s *Service) Regroup(ctx context.Context, tenant string) error {
	for _, kind := range []string{kindFace, kindVoice} {
		if err := s.regroup(ctx, tenant, kind); err != nil {
			return fault.E("analysis.people", tenant, "", err)
		}
	}
	return nil
}

func (s *Service) regroup(ctx context.Context, tenant, kind string) error {
	s.people.Lock() // one at a time in this process: a group is decided on what is there
	defer s.people.Unlock()
	c, err := s.crowd(ctx, s.deps.DB.Read(), tenant, kind)
	if err != nil {
		return err
	}
	same := SameLooks
	if kind == kindVoice {
		same = SameTimbre
	}
	changed := c.settle(same)
	if len(changed) == 0 {
		return nil
	}
	err = s.deps.DB.Write(ctx, func(tx *sqldb.Tx) error {
		for _, x := range changed {
			if _, err := tx.ExecContext(ctx, `UPDATE analysis_tracks SET person = $1, how = $2, grp = $3 WHERE tenant = $4 AND id = $5`, x.Person, x.How, x.Group, tenant, x.ID); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.renameAll(asSystem(ctx, tenant), changed)
}

// renameAll writes the names of the versions that tracks lie in onto their timelines.
func (s *Service) renameAll(ctx context.Context, changed []sighted) error {
	done := map[string]bool{}
	for _, x := range changed {
		id := slot(x.ref()) + " " + x.Kind
		if done[id] {
			continue
		}
		done[id] = true
		if err := s.rename(ctx, x.ref(), x.Kind); err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
	}
	return nil
}

// rename writes who is who onto a version's timeline.
func (s *Service) rename(ctx context.Context, ref media.Ref, kind string) error {
	tracks, err := sightedWhere(ctx, s.deps.DB.Read(), `tenant = $1 AND asset = $2 AND version = $3 AND kind = $4`, ref.Tenant, ref.Asset, ref.Version, kind)
	if err != nil {
		return err
	}
	lanes := []media.Track{media.TrackFace}
	if kind == kindVoice {
		lanes = []media.Track{media.TrackSpeaker, media.TrackSpeech}
	}
	for _, lane := range lanes {
		notes, err := s.deps.Library.Annotations(ctx, ref, lane)
		if err != nil {
			return err
		}
		change := map[string]string{}
		for _, a := range notes {
			if who := whoIs(tracks, a); who != a.Person {
				change[a.ID] = who
			}
		}
		if err := s.deps.Library.NamePeople(ctx, ref, lane, change); err != nil {
			return err
		}
	}
	return nil
}

// whoIs finds the person of an annotation among the version's tracks.
func whoIs(tracks []sighted, a media.Annotation) string {
	best, who := 0.0, ""
	for _, x := range tracks {
		f := 0.0
		switch {
		case x.Kind == kindVoice && strings.EqualFold(a.Label, x.Detail.Label):
			f = 1
		case x.Kind == kindFace && a.Box != nil:
			for _, spot := range pathOf(a) {
				f = max(f, x.fits(place{Asset: x.Asset, Version: x.Version, Range: media.Range{Start: spot.At}, Box: &spot.Box}))
			}
		}
		if f > best {
			best, who = f, x.Person
		}
	}
	return who
}

// pathOf is where an annotation's thing is.
func pathOf(a media.Annotation) []media.Spot {
	if len(a.Path) > 0 {
		return a.Path
	}
	if a.Box == nil {
		return nil
	}
	return []media.Spot{{At: a.Range.Start, Box: *a.Box}}
}
