package analysis_test

import (
	"encoding/json"
	"strings"
	"testing"

	"showreel/engine/vision"
	"showreel/fault"
	"showreel/product/analysis"
	"showreel/trust/access"
)

// alike are two faces that are hard to tell apart, one a shot: likeness makes one group of them.
func alike(second int) []vision.Face {
	return []vision.Face{seenFace(0, 0.02+0.03*float64(second/2), 0.3)}
}

func TestSplittingAGroupWithoutAName(t *testing.T) {
	r := openRegistry(t, true)
	one, two := r.shoot(t, alike), r.shoot(t, alike)
	ctx := as(t, access.RoleEditor)
	waiting, err := r.Unnamed(ctx)
	must(t, err)
	if len(waiting) != 1 || len(waiting[0].Best) != 4 || waiting[0].Best[0].ID != waiting[0].Face.ID {
		t.Fatalf("one group of four, the best first: %+v", waiting)
	}
	faces := r.faces(t, one)
	out, err := r.Split(ctx, []string{faces[0].ID, faces[1].ID})
	must(t, err)
	if out[0].Group == "" || out[0].Group != out[1].Group {
		t.Errorf("what was taken out is not one: %+v", out)
	}
	for round := range 2 {
		stay := r.faces(t, two)
		if stay[0].Group == out[0].Group || stay[0].Group != stay[1].Group {
			t.Errorf("round %d: those who stay: %+v, taken out: %+v", round, stay, out)
		}
		r.again(t, two)
	}
	r.decide(t, faces[0].ID, analysis.Decision{Name: "Ada"})
	r.expect(t, one, "named after the split", "Ada", "Ada")
	r.expect(t, two, "the others", "", "")
	if _, err := r.Split(ctx, []string{faces[0].ID, r.faces(t, two)[0].ID}); fault.CodeOf(err) != "bad-split" {
		t.Errorf("of two groups: %v", err)
	}
	if _, err := r.Split(ctx, []string{faces[0].ID, faces[1].ID}); fault.CodeOf(err) != "bad-split" {
		t.Errorf("a whole group: %v", err)
	}
	if _, err := r.Split(as(t, access.RoleViewer), []string{faces[0].ID}); !fault.Is(err, fault.Denied) {
		t.Errorf("by a viewer: %v", err)
	}
}

func TestSplittingAPersonLeavesTheOthersTheName(t *testing.T) {
	r := openRegistry(t, true)
	one, two := r.shoot(t, alike), r.shoot(t, alike)
	r.decide(t, r.faces(t, two)[0].ID, analysis.Decision{Name: "Ada"})
	r.expect(t, one, "spread", "Ada", "Ada")
	faces := r.faces(t, one)
	out, err := r.Split(as(t, access.RoleEditor), []string{faces[0].ID, faces[1].ID})
	must(t, err)
	r.expect(t, one, "taken out", "", "")
	r.expect(t, two, "who stays", "Ada", "Ada")
	r.decide(t, out[0].ID, analysis.Decision{Name: "Grace"})
	r.again(t, one)
	r.expect(t, one, "named anew", "Grace", "Grace")
	r.expect(t, two, "who stays", "Ada", "Ada")
	ada, grace := r.faces(t, two)[0].Person, r.faces(t, one)[0].Person
	_, err = r.MergePeople(as(t, access.RoleEditor), ada, []string{grace})
	must(t, err)
	r.decide(t, out[0].ID, analysis.Decision{Verdict: analysis.DecideClear})
	r.again(t, one)
	r.expect(t, one, "merged, and nothing is left of the split", "Ada", "Ada")
}

func TestExportOfAPersonHoldsNoVector(t *testing.T) {
	r := openRegistry(t, true)
	ref := r.shoot(t, alone(0, 0.02))
	named := r.decide(t, r.faces(t, ref)[0].ID, analysis.Decision{Name: "Ada"})
	ctx := as(t, access.RoleAdmin)
	_, err := r.GiveConsent(ctx, named.Person, analysis.PersonConsent{Basis: "release form 12"})
	must(t, err)
	x, err := r.ExportPerson(ctx, named.Person)
	must(t, err)
	if x.Person.Name != "Ada" || x.Person.Picture == "" || len(x.Consents) != 1 || len(x.Appearances) != 2 || x.Vectors != 2 || len(x.Decisions) != 1 || x.Decisions[0].Verdict != "is" {
		t.Errorf("%+v", x)
	}
	raw, err := json.Marshal(x)
	must(t, err)
	if strings.Contains(strings.ToLower(string(raw)), `"vector"`) {
		t.Errorf("a vector left the registry: %s", raw)
	}
	if _, err := r.ExportPerson(ctx, "nobody"); !fault.Is(err, fault.NotFound) {
		t.Errorf("nobody: %v", err)
	}
}
