package access_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"showreel/trust/access"
)

func TestRoles(t *testing.T) {
	p, err := access.LoadPolicies()
	must(t, err)
	for _, c := range []struct {
		action                string
		viewer, editor, admin bool
	}{
		{"asset:read", true, true, true},
		{"asset:play", true, true, true},
		{"asset:update", false, true, true},
		{"asset:trash", false, true, true},
		{"asset:download", false, true, true},
		{"asset:purge", false, false, true},
		{"job:control", false, true, true},
		{"finding:waive", false, true, true},
		{"template:read", true, true, true},
		{"template:write", false, false, true},
		{"user:read", false, false, true},
		{"user:create", false, false, true},
		{"key:create", false, false, true},
		{"audit:read", false, false, true},
		{"system:manage", false, false, true},
		{"asset:something-new", false, false, true},
		{"tenant:create", false, false, false},
	} {
		for role, want := range map[string]bool{access.RoleViewer: c.viewer, access.RoleEditor: c.editor, access.RoleAdmin: c.admin} {
			w := access.Who{Tenant: "main", ID: "u", Kind: access.KindUser, Roles: []string{role}}
			d := p.Decide(w, c.action, access.Resource{Kind: "x", Tenant: "main"})
			if d.Allowed != want || d.Policy == "" || d.Reason == "" {
				t.Errorf("%s %s: %+v, want %v", role, c.action, d, want)
			}
		}
	}
}

func TestAPlayLinkOnlyPlays(t *testing.T) {
	p, err := access.LoadPolicies()
	must(t, err)
	w := access.Who{Tenant: "main", ID: "t", Kind: access.KindToken, Roles: []string{access.RoleAdmin}}
	for _, action := range access.Actions() {
		if d := p.Decide(w, action, access.Resource{Tenant: "main"}); d.Allowed != (action == "asset:play") {
			t.Errorf("%s: %+v", action, d)
		}
	}
}

// Whatever is asked by whomever: another tenant is closed, and more of a role never permits less.
func TestPolicyLaws(t *testing.T) {
	p, err := access.LoadPolicies()
	must(t, err)
	kinds := []string{access.KindUser, access.KindKey, access.KindSystem, access.KindToken, "odd"}
	roles := []string{access.RoleViewer, access.RoleEditor, access.RoleAdmin, "odd"}
	rapid.Check(t, func(t *rapid.T) {
		w := access.Who{
			Tenant: rapid.SampledFrom([]string{"main", "other"}).Draw(t, "tenant"), ID: rapid.StringMatching(`[a-z"\\*]{1,8}`).Draw(t, "id"),
			Kind: rapid.SampledFrom(kinds).Draw(t, "kind"), Roles: rapid.SliceOfDistinct(rapid.SampledFrom(roles), rapid.ID[string]).Draw(t, "roles"),
		}
		action := rapid.OneOf(rapid.SampledFrom(access.Actions()), rapid.StringMatching(`[a-z:"]{0,12}`)).Draw(t, "action")
		r := access.Resource{
			Kind: "asset", ID: rapid.StringMatching(`[a-z]{0,4}`).Draw(t, "resource"), Tenant: rapid.SampledFrom([]string{"main", "other", ""}).Draw(t, "of"),
			Attrs: map[string]string{"owner": rapid.SampledFrom([]string{w.ID, "x"}).Draw(t, "owner"), "tenant": w.Tenant, "id": w.ID},
		}
		d := p.Decide(w, action, r)
		if d.Allowed && w.Tenant != r.Tenant {
			t.Fatalf("%+v crossed into %q by %s", w, r.Tenant, d.Policy)
		}
		if !d.Allowed && d.Reason == "" {
			t.Fatalf("no reason: %+v", d)
		}
		more := w
		more.Roles = append([]string{access.RoleAdmin}, w.Roles...)
		if d.Allowed && !p.Decide(more, action, r).Allowed {
			t.Fatalf("an administrator may not %s, but %v may", action, w.Roles)
		}
	})
}

func TestActionsAreWellFormed(t *testing.T) {
	for _, a := range access.Actions() {
		if kind, verb, ok := strings.Cut(a, ":"); !ok || kind == "" || verb == "" {
			t.Errorf("%q is not kind:verb", a)
		}
	}
}
