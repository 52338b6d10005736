package analysis

import (
	"bytes"
	"cmp"
	"context"
	"image"
	"image/jpeg"
	"slices"
	"strings"

	xdraw "golang.org/x/image/draw"

	"showreel/fault"
	"showreel/media"
	"showreel/platform/sqldb"
	"showreel/trust/access"
)

// FaceView is one face through a shot, or one voice through an asset, as people see it.
type FaceView struct {
	ID         string     `json:"id"`
	Kind       string     `json:"kind" enum:"face,voice"`
	Asset      string     `json:"asset"`
	Version    int        `json:"version"`
	StartMS    int64      `json:"startMs"`
	EndMS      int64      `json:"endMs"`
	AtMS       int64      `json:"atMs" doc:"of its best picture"`
	Box        *media.Box `json:"box,omitempty" doc:"there, in fractions"`
	Speaker    string     `json:"speaker,omitempty" doc:"of a voice: its label in the asset"`
	Person     string     `json:"person,omitempty"`
	PersonName string     `json:"personName,omitempty"`
	How        string     `json:"how,omitempty" enum:",confirmed,matched" doc:"a person said so, or it resembles one of whom a person did"`
	Group      string     `json:"group,omitempty" doc:"the same for those that look alike"`
	Score      float64    `json:"score" doc:"how good a likeness it is"`
	Picture    string     `json:"picture,omitempty" doc:"address of its crop"`
}

// Cluster is somebody without a name: faces, or voices, that are alike.
type Cluster struct {
	Face   FaceView   `json:"face" doc:"the best of them: name this one and the name spreads"`
	Faces  int        `json:"faces"`
	Assets []string   `json:"assets" nullable:"false"`
	Best   []FaceView `json:"best" nullable:"false" doc:"the best of them, at most 40, the best first"`
}

// mostBest is how many members of a cluster are listed.
const mostBest = 40

func pictureOf(face string) string { return "/v1/faces/" + face + "/picture" }

func viewOf(x sighted, names map[string]Person) FaceView {
	v := FaceView{ID: x.ID, Kind: x.Kind, Asset: x.Asset, Version: x.Version, StartMS: x.Range.Start.MS(), EndMS: x.Range.End.MS(), AtMS: at(x.Detail.Best).MS(),
		Speaker: x.Detail.Label, Person: x.Person, PersonName: names[x.Person].Name, How: x.How, Group: x.Group, Score: x.Score}
	if x.Kind == kindFace {
		box := x.Detail.Box
		v.Box, v.Picture = &box, pictureOf(x.ID)
	} else {
		v.AtMS = x.place().Range.Start.MS()
	}
	return v
}

// FacesOf lists where a person is seen and heard.
func (s *Service) FacesOf(ctx context.Context, id string) ([]FaceView, error) {
	who, err := s.may(ctx, "person:read", "person", id)
	if err != nil {
		return nil, err
	}
	p, err := personOf(ctx, s.deps.DB.Read(), who.Tenant, id)
	if err != nil {
		return nil, err
	}
	list, err := sightedWhere(ctx, s.deps.DB.Read(), `tenant = $1 AND person = $2`, who.Tenant, id)
	if err != nil {
		return nil, fault.E("analysis.people", id, "", err)
	}
	out := []FaceView{}
	for _, x := range list {
		out = append(out, viewOf(x, map[string]Person{id: p}))
	}
	return out, nil
}

// Faces lists the faces and voices of an asset's version; 0 is the newest.
func (s *Service) Faces(ctx context.Context, asset string, version int) ([]FaceView, error) {
	a, v, err := s.version(ctx, "asset:read", asset, version)
	if err != nil {
		return nil, err
	}
	ref := a.At(v.Number)
	list, err := sightedWhere(ctx, s.deps.DB.Read(), `tenant = $1 AND asset = $2 AND version = $3`, ref.Tenant, ref.Asset, ref.Version)
	if err != nil {
		return nil, fault.E("analysis.people", asset, "", err)
	}
	names, err := personsOf(ctx, s.deps.DB.Read(), ref.Tenant)
	out := []FaceView{}
	for _, x := range list {
		out = append(out, viewOf(x, names))
	}
	return out, err
}

// Unnamed lists who waits for a name, those who are seen most first. Nobody is grouped while biometrics are off.
func (s *Service) Unnamed(ctx context.Context) ([]Cluster, error) {
	who, err := s.may(ctx, "person:read", "person", "")
	if err != nil {
		return nil, err
	}
	list, err := sightedWhere(ctx, s.deps.DB.Read(), `tenant = $1 AND person = '' AND grp <> ''`, who.Tenant)
	if err != nil {
		return nil, fault.E("analysis.people", "", "", err)
	}
	slices.SortStableFunc(list, func(a, b sighted) int { return cmp.Compare(b.Score, a.Score) })
	place, out := map[string]int{}, []Cluster{}
	for _, x := range list {
		n, ok := place[x.Group]
		if !ok {
			n, place[x.Group] = len(out), len(out)
			out = append(out, Cluster{Face: viewOf(x, nil), Assets: []string{}, Best: []FaceView{}})
		}
		c := &out[n]
		if c.Faces++; len(c.Best) < mostBest {
			c.Best = append(c.Best, viewOf(x, nil))
		}
		if !slices.Contains(c.Assets, x.Asset) {
			c.Assets = append(c.Assets, x.Asset)
		}
	}
	slices.SortStableFunc(out, func(a, b Cluster) int { return b.Faces - a.Faces })
	return out, nil
}

// The ways to decide about a face.
const (
	DecideConfirm  = "confirm"  // it is Person, or somebody called Name
	DecideReject   = "reject"   // it is not Person
	DecideTogether = "together" // it and Other are one
	DecideApart    = "apart"    // it and Other are not
	DecideClear    = "clear"    // forget what was said about it
)

// Decision is what a person says about a face or a voice.
type Decision struct {
	Verdict string // "" is DecideConfirm
	Person  string
	Name    string // of DecideConfirm: whoever has this name, or a new person
	Other   string // another face
}

// Decide records what the caller says about a face or voice. It is remembered by its place on the timeline, so that it
// stands whatever is analysed again, and it spreads to all that resembles.
func (s *Service) Decide(ctx context.Context, face string, in Decision) (FaceView, error) {
	const op = "analysis.face"
	who, err := s.may(ctx, "person:update", "person", "")
	if err != nil {
		return FaceView{}, err
	}
	var x sighted
	err = s.deps.DB.Write(ctx, func(tx *sqldb.Tx) error {
		if x, err = sightedOf(ctx, tx, who.Tenant, face); err != nil {
			return err
		}
		l := link{ID: sqldb.NewID(), Tenant: who.Tenant, Kind: x.Kind, At: x.place(), By: who.ID}
		if err := s.linkFor(ctx, tx, who, x, in, &l); err != nil {
			return err
		}
		return s.noteDeed(ctx, tx, who.Tenant, "person:update", x.ID, "", map[string]any{"asset": x.Asset, "verdict": l.Verdict, "person": l.Person, "kind": x.Kind})
	})
	if err != nil {
		return FaceView{}, err
	}
	if err := s.regroup(ctx, who.Tenant, x.Kind); err != nil {
		return FaceView{}, fault.E(op, face, "", err)
	}
	if x, err = sightedOf(ctx, s.deps.DB.Read(), who.Tenant, face); err != nil {
		return FaceView{}, err
	}
	names, err := personsOf(ctx, s.deps.DB.Read(), who.Tenant)
	return viewOf(x, names), err
}

func sightedOf(ctx context.Context, q sqldb.Querier, tenant, id string) (sighted, error) {
	list, err := sightedWhere(ctx, q, `tenant = $1 AND id = $2`, tenant, id)
	if err == nil && len(list) == 0 {
		return sighted{}, noFace(id)
	}
	if err != nil {
		return sighted{}, fault.E("analysis.face", id, "", err)
	}
	return list[0], nil
}

// linkFor makes a link of a decision and puts it in the place of those that it contradicts.
func (s *Service) linkFor(ctx context.Context, tx *sqldb.Tx, who access.Who, x sighted, in Decision, l *link) error {
	const op = "analysis.face"
	switch in.Verdict {
	case "", DecideConfirm:
		p, err := s.named(ctx, tx, who, in)
		if err != nil {
			return err
		}
		l.Verdict, l.Person = verdictIs, p.ID
		if err := dropLinks(ctx, tx, x, func(o link) bool { return o.Verdict == verdictIs || o.Verdict == verdictNot && o.Person == p.ID }); err != nil {
			return err
		}
	case DecideReject:
		l.Verdict, l.Person = verdictNot, in.Person
		if l.Person == "" {
			l.Person = x.Person
		}
		if _, err := personOf(ctx, tx, who.Tenant, l.Person); err != nil {
			return err
		}
		if err := dropLinks(ctx, tx, x, func(o link) bool { return o.Person == l.Person && (o.Verdict == verdictIs || o.Verdict == verdictNot) }); err != nil {
			return err
		}
	case DecideTogether, DecideApart:
		other, err := sightedOf(ctx, tx, who.Tenant, in.Other)
		if err != nil {
			return err
		}
		if other.Kind != x.Kind || other.ID == x.ID {
			return fault.Say(op, in.Other, fault.Invalid, "bad-pair", "Two different faces, or two different voices, are joined or told apart.")
		}
		p := other.place()
		l.Verdict, l.Other = in.Verdict, &p
		err = dropLinks(ctx, tx, x, func(o link) bool { return o.Other != nil && (other.is(*o.Other) || other.is(o.At)) })
		if err != nil {
			return err
		}
	case DecideClear:
		l.Verdict = DecideClear
		return dropLinks(ctx, tx, x, func(o link) bool { return o.Verdict != verdictWithheld })
	default:
		return fault.Say(op, in.Verdict, fault.Invalid, "unknown-verdict", "A verdict is confirm, reject, together, apart or clear.")
	}
	return putLink(ctx, tx, *l, s.nowMS())
}

// named finds or makes the person of a decision.
func (s *Service) named(ctx context.Context, tx *sqldb.Tx, who access.Who, in Decision) (Person, error) {
	if in.Person != "" {
		p, err := personOf(ctx, tx, who.Tenant, in.Person)
		return p, err
	}
	name, err := personText("analysis.face", "name", in.Name, mostName, true)
	if err != nil {
		return Person{}, err
	}
	all, err := personsOf(ctx, tx, who.Tenant)
	if err != nil {
		return Person{}, err
	}
	for _, p := range all {
		if strings.EqualFold(p.Name, name) {
			return p, nil
		}
	}
	p := Person{ID: sqldb.NewID(), tenant: who.Tenant, Name: name, CreatedMS: s.nowMS(), UpdatedMS: s.nowMS()}
	return p, insertPerson(ctx, tx, p, who.ID)
}

// dropLinks removes the links about a track that a new decision takes the place of.
func dropLinks(ctx context.Context, tx *sqldb.Tx, x sighted, which func(link) bool) error {
	list, err := linksWhere(ctx, tx, `tenant = $1 AND kind = $2`, x.Tenant, x.Kind)
	for _, l := range list {
		mine := x.is(l.At) || l.Other != nil && x.is(*l.Other)
		if err == nil && mine && which(l) {
			_, err = tx.ExecContext(ctx, `DELETE FROM analysis_links WHERE tenant = $1 AND id = $2`, x.Tenant, l.ID)
		}
	}
	return err
}

const cropSide = 160 // pixels

// FacePicture cuts a face out of its best picture, with half as much again around it, as a JPEG.
func (s *Service) FacePicture(ctx context.Context, face string) ([]byte, error) {
	const op = "analysis.face"
	who, err := s.may(ctx, "person:read", "person", "")
	if err != nil {
		return nil, err
	}
	x, err := sightedOf(ctx, s.deps.DB.Read(), who.Tenant, face)
	if err != nil {
		return nil, err
	}
	if x.Kind != kindFace {
		return nil, fault.Say(op, face, fault.Unsupported, "no-picture", "A voice has no picture; listen to it in the asset.")
	}
	ctx = asSystem(ctx, who.Tenant)
	v, err := s.deps.Library.Version(ctx, x.ref())
	if err != nil {
		return nil, err
	}
	t := &target{s: s, ref: x.ref(), kind: v.Info.Kind}
	pics, err := restored(ctx, t, func() ([][]byte, error) { return t.pictures(ctx, []int64{x.Detail.Best}) })
	if err != nil {
		return nil, err
	}
	img, err := decodePicture(pics[0])
	if err != nil {
		return nil, err
	}
	w, h := float64(img.Bounds().Dx()), float64(img.Bounds().Dy())
	b := x.Detail.Box
	side := 1.5 * max(b.W*w, b.H*h)
	cx, cy := (b.X+b.W/2)*w, (b.Y+b.H/2)*h
	cut := image.Rect(int(cx-side/2), int(cy-side/2), int(cx+side/2), int(cy+side/2)).Add(img.Bounds().Min).Intersect(img.Bounds())
	if cut.Empty() {
		return nil, fault.Say(op, face, fault.Corrupt, "bad-box", "The face lies outside its picture; analyse the asset again.")
	}
	scale := float64(cropSide) / float64(max(cut.Dx(), cut.Dy()))
	out := image.NewRGBA(image.Rect(0, 0, max(1, int(float64(cut.Dx())*scale)), max(1, int(float64(cut.Dy())*scale))))
	xdraw.ApproxBiLinear.Scale(out, out.Bounds(), img, cut, xdraw.Src, nil)
	var buf bytes.Buffer
	if err := jpeg.Encode(&buf, out, &jpeg.Options{Quality: 85}); err != nil {
		return nil, fault.E(op, face, fault.Internal, err)
	}
	return buf.Bytes(), nil
}
