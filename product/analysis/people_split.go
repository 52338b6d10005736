package analysis

import (
	"cmp"
	"context"
	"slices"

	"showreel/fault"
	"showreel/platform/sqldb"
	"showreel/trust/access"
)

// mostTold is how many pairs of faces a split tells apart: enough for a page of faces against the best of those that stay.
const mostTold = 400

// Split takes faces, or voices, out of their group: they are one somebody else. Each is told apart from those that stay, so
// that none is drawn back by likeness, and where their group has a name they are not that person. It is remembered as Decide
// remembers. fault.Invalid "bad-split" unless all are of one group of which some stay.
func (s *Service) Split(ctx context.Context, faces []string) ([]FaceView, error) {
	const op = "analysis.people"
	who, err := s.may(ctx, "person:update", "person", "")
	if err != nil {
		return nil, err
	}
	var out []sighted
	err = s.deps.DB.Write(ctx, func(tx *sqldb.Tx) error {
		taken, stay, err := parted(ctx, tx, who.Tenant, faces)
		if err != nil {
			return err
		}
		out = taken
		for _, l := range partings(who, taken, stay) {
			if err := putLink(ctx, tx, l, s.nowMS()); err != nil {
				return err
			}
		}
		return s.noteDeed(ctx, tx, who.Tenant, "person:update", taken[0].ID, "", map[string]any{"verdict": "split", "faces": faces, "person": taken[0].Person, "kind": taken[0].Kind})
	})
	if err != nil {
		return nil, err
	}
	if err := s.regroup(ctx, who.Tenant, out[0].Kind); err != nil {
		return nil, fault.E(op, faces[0], "", err)
	}
	return s.viewsOf(ctx, who.Tenant, faces)
}

// parted reads the faces that are taken out and those that stay, the best first, and forgets what was said before of those
// that are taken.
func parted(ctx context.Context, tx *sqldb.Tx, tenant string, faces []string) (taken, stay []sighted, err error) {
	bad := fault.Say("analysis.people", "", fault.Invalid, "bad-split", "Choose some faces, or voices, of one group; at least one has to stay in it.")
	for _, id := range faces {
		x, err := sightedOf(ctx, tx, tenant, id)
		if err != nil {
			return nil, nil, err
		}
		taken = append(taken, x)
	}
	if len(taken) == 0 {
		return nil, nil, bad
	}
	first := taken[0]
	all, err := sightedWhere(ctx, tx, `tenant = $1 AND kind = $2 AND person = $3 AND (person <> '' OR grp = $4 AND grp <> '')`, tenant, first.Kind, first.Person, first.Group)
	if err != nil {
		return nil, nil, fault.E("analysis.people", first.ID, "", err)
	}
	for _, x := range all {
		if !slices.Contains(faces, x.ID) {
			stay = append(stay, x)
		}
	}
	if len(stay) == 0 || len(all)-len(stay) != len(taken) {
		return nil, nil, bad
	}
	for _, x := range taken {
		if err := dropLinks(ctx, tx, x, func(l link) bool {
			return l.Verdict == verdictTogether || l.Person == first.Person && l.Verdict == verdictIs
		}); err != nil {
			return nil, nil, err
		}
	}
	slices.SortStableFunc(stay, func(a, b sighted) int { return cmp.Compare(b.Score, a.Score) })
	return taken, stay, nil
}

// partings are the links of a split.
func partings(who access.Who, taken, stay []sighted) []link {
	var out []link
	add := func(verdict string, x sighted, other *sighted, person string) {
		l := link{ID: sqldb.NewID(), Tenant: x.Tenant, Verdict: verdict, Kind: x.Kind, At: x.place(), Person: person, By: who.ID}
		if other != nil {
			p := other.place()
			l.Other = &p
		}
		out = append(out, l)
	}
	each := min(len(stay), max(1, mostTold/len(taken)))
	for n, x := range taken {
		if x.Person != "" {
			add(verdictNot, x, nil, x.Person)
		}
		if n > 0 {
			add(verdictTogether, x, &taken[0], "")
		}
		for k := range stay[:each] {
			add(verdictApart, x, &stay[k], "")
		}
	}
	return out
}

// viewsOf reads faces as people see them, in the order of their ids.
func (s *Service) viewsOf(ctx context.Context, tenant string, ids []string) ([]FaceView, error) {
	names, err := personsOf(ctx, s.deps.DB.Read(), tenant)
	if err != nil {
		return nil, fault.E("analysis.people", "", "", err)
	}
	out := []FaceView{}
	for _, id := range ids {
		x, err := sightedOf(ctx, s.deps.DB.Read(), tenant, id)
		if err != nil {
			return nil, err
		}
		out = append(out, viewOf(x, names))
	}
	return out, nil
}

// unsaid forgets what told people apart who are to be one: that a face of one is not another of them, and what their splits
// told apart from those that stayed. What is said of third people stands.
func unsaid(ctx context.Context, tx *sqldb.Tx, tenant, into string, from []string) error {
	all, err := sightedWhere(ctx, tx, `tenant = $1 AND person <> ''`, tenant)
	if err != nil {
		return fault.E("analysis.people", into, "", err)
	}
	one := append([]string{into}, from...)
	var theirs, third []sighted
	for _, x := range all {
		if slices.Contains(one, x.Person) {
			theirs = append(theirs, x)
		} else {
			third = append(third, x)
		}
	}
	ofThird := func(l link) bool {
		return slices.ContainsFunc(third, func(x sighted) bool { return x.is(l.At) || x.is(*l.Other) })
	}
	for _, x := range theirs {
		err := dropLinks(ctx, tx, x, func(l link) bool {
			return l.Verdict == verdictNot && slices.Contains(one, l.Person) || l.Verdict == verdictApart && x.Person != into && !ofThird(l)
		})
		if err != nil {
			return fault.E("analysis.people", into, "", err)
		}
	}
	return nil
}
