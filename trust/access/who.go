package access

import (
	"context"
	"slices"
)

// MainTenant is the tenant that exists from the start.
const MainTenant = "main"

// The kinds of caller.
const (
	KindUser   = "user"   // a person with a session
	KindKey    = "key"    // a program with an API key
	KindSystem = "system" // Showreel itself: workflows, sweepers, the command line with --data
	KindToken  = "token"  // a bearer of a signed play link
)

// The roles, each one including what the next may do.
const (
	RoleAdmin  = "admin"  // everything in the tenant, people and keys included
	RoleEditor = "editor" // add, change, process, trash and restore
	RoleViewer = "viewer" // look and play
)

// Who is the caller of an operation. The zero value is nobody.
type Who struct {
	Tenant  string
	ID      string // a user's id, a key's id, "system"
	Name    string // for people and for the audit
	Kind    string // KindUser, KindKey, KindSystem, KindToken
	Session string // the session's public id, for users
	Roles   []string
}

// Known reports whether anybody is signed in.
func (w Who) Known() bool { return w.ID != "" && w.Tenant != "" }

// Has reports whether the caller has the role itself.
func (w Who) Has(role string) bool { return slices.Contains(w.Roles, role) }

type whoKey struct{}

// With returns a context whose operations are done by w.
func With(ctx context.Context, w Who) context.Context { return context.WithValue(ctx, whoKey{}, w) }

// WhoFrom returns the caller, or the zero Who.
func WhoFrom(ctx context.Context) Who {
	w, _ := ctx.Value(whoKey{}).(Who)
	return w
}

// System is Showreel itself acting within one tenant: it may do everything there and nothing anywhere else.
func System(tenant string) Who {
	return Who{Tenant: tenant, ID: KindSystem, Name: "Showreel", Kind: KindSystem}
}

// Resource is what an action is done to.
type Resource struct {
	Kind   string            // "asset", "collection", "user"; empty: the word before the colon of the action
	ID     string            // empty: the kind as a whole
	Tenant string            // empty: the caller's own
	Attrs  map[string]string // what policies may look at, "owner"
}
