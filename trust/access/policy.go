package access

import (
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/cedar-policy/cedar-go"

	"showreel/fault"
)

//go:embed policies/*.cedar
var policyFiles embed.FS

// defaultDeny is the policy named when none permits.
const defaultDeny = "default-deny"

// Policies decides actions. It holds no state beside its rules and is safe for concurrent use.
type Policies struct {
	set     *cedar.PolicySet
	reasons map[cedar.PolicyID]string
}

// Decision is what the policies said and which of them decided.
type Decision struct {
	Allowed bool
	Policy  string // the id of the deciding policy, "default-deny" when none permits
	Reason  string // its sentence for people
}

// LoadPolicies reads the policies that ship with this package. An error is a defect of the build: each policy must
// parse and carry @id and @reason.
func LoadPolicies() (*Policies, error) {
	p := &Policies{set: cedar.NewPolicySet(), reasons: map[cedar.PolicyID]string{}}
	names, err := fs.Glob(policyFiles, "policies/*.cedar")
	if err != nil {
		return nil, fault.E("access.policies", "", fault.Internal, err)
	}
	for _, name := range names {
		text, err := policyFiles.ReadFile(name)
		if err != nil {
			return nil, fault.E("access.policies", name, fault.Internal, err)
		}
		list, err := cedar.NewPolicyListFromBytes(name, text)
		if err != nil {
			return nil, fault.E("access.policies", name, fault.Internal, err)
		}
		if err := p.add(name, list); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func (p *Policies) add(file string, list cedar.PolicyList) error {
	for _, policy := range list {
		notes := policy.Annotations()
		id := cedar.PolicyID(notes["id"])
		if id == "" || notes["reason"] == "" {
			return fault.E("access.policies", file, fault.Internal, fmt.Errorf("line %d: a policy needs @id and @reason", policy.Position().Line))
		}
		if !p.set.Add(id, policy) {
			return fault.E("access.policies", file, fault.Internal, fmt.Errorf("policy %q is there twice", id))
		}
		p.reasons[id] = string(notes["reason"])
	}
	return nil
}

// Decide answers whether w may do action on r, without side effects.
func (p *Policies) Decide(w Who, action string, r Resource) Decision {
	request, entities := ask(w, action, r)
	decision, diagnostic := cedar.Authorize(p.set, entities, request)
	if len(diagnostic.Errors) > 0 && decision == cedar.Allow {
		// A forbid that failed to evaluate must not be taken for one that did not apply.
		return Decision{Policy: string(diagnostic.Errors[0].PolicyID), Reason: "A policy could not be evaluated."}
	}
	if len(diagnostic.Reasons) == 0 {
		return Decision{Policy: defaultDeny, Reason: refusal(w, action)}
	}
	ids := make([]string, 0, len(diagnostic.Reasons))
	for _, why := range diagnostic.Reasons {
		ids = append(ids, string(why.PolicyID))
	}
	slices.Sort(ids)
	return Decision{Allowed: decision == cedar.Allow, Policy: ids[0], Reason: p.reasons[cedar.PolicyID(ids[0])]}
}

// ask translates a question into Cedar's terms: the principal within its roles, the action within its groups.
func ask(w Who, action string, r Resource) (cedar.Request, cedar.EntityMap) {
	principal := cedar.NewEntityUID("Principal", cedar.String(w.Kind+":"+w.ID))
	act := cedar.NewEntityUID("Action", cedar.String(action))
	resource := cedar.NewEntityUID("Resource", cedar.String(r.Kind+":"+r.ID))

	attrs := cedar.RecordMap{"tenant": cedar.String(r.Tenant), "kind": cedar.String(r.Kind)}
	if r.ID != "" {
		attrs["id"] = cedar.String(r.ID)
	}
	for k, v := range r.Attrs {
		if _, taken := attrs[cedar.String(k)]; !taken {
			attrs[cedar.String(k)] = cedar.String(v)
		}
	}
	entities := cedar.EntityMap{
		principal: {UID: principal, Parents: rolesOf(w), Attributes: cedar.NewRecord(cedar.RecordMap{
			"tenant": cedar.String(w.Tenant), "id": cedar.String(w.ID), "kind": cedar.String(w.Kind),
		})},
		act:      {UID: act, Parents: groupsOf(action)},
		resource: {UID: resource, Attributes: cedar.NewRecord(attrs)},
	}
	return cedar.Request{Principal: principal, Action: act, Resource: resource, Context: cedar.NewRecord(nil)}, entities
}

// rolesOf gives each role those it includes.
func rolesOf(w Who) cedar.EntityUIDSet {
	var parents []cedar.EntityUID
	for n, role := range ladder {
		if w.Has(role) {
			for _, included := range ladder[n:] {
				parents = append(parents, cedar.NewEntityUID("Role", cedar.String(included)))
			}
			break
		}
	}
	return cedar.NewEntityUIDSet(parents...)
}

// ladder orders the roles from most to least.
var ladder = []string{RoleAdmin, RoleEditor, RoleViewer}

// groupsOf puts an action into its own group and those that contain it.
func groupsOf(action string) cedar.EntityUIDSet {
	groups := []string{groupLook, groupEdit, groupManage}
	from := slices.Index(groups, GroupOf(action))
	var parents []cedar.EntityUID
	for _, g := range groups[from:] {
		parents = append(parents, cedar.NewEntityUID("Action", cedar.String(g)))
	}
	return cedar.NewEntityUIDSet(parents...)
}

func refusal(w Who, action string) string {
	needed := map[string]string{groupLook: RoleViewer, groupEdit: RoleEditor, groupManage: RoleAdmin}[GroupOf(action)]
	have := "no role"
	if len(w.Roles) > 0 {
		have = "the role " + strings.Join(w.Roles, ", ")
	}
	return fmt.Sprintf("This needs the role %s and you have %s; ask an administrator.", needed, have)
}
