package access_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"showreel/engine/keys"
	"showreel/engine/keys/filekeys"
	"showreel/fault"
	"showreel/platform/sqldb"
	"showreel/platform/sqldb/sqldbtest"
	"showreel/trust/access"
	"showreel/trust/audit"
)

const (
	adminEmail = "ada@example.org"
	password   = "correct horse battery"
)

// world is access with its audit over one store, and a clock the test moves.
type world struct {
	*access.Service
	db  *sqldb.DB
	log *audit.Log
	now time.Time
}

func newWorld(t *testing.T, db *sqldb.DB) *world {
	t.Helper()
	driver, err := filekeys.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	w := &world{db: db, log: audit.New(db, keys.New(driver)), now: time.Now()}
	w.Service, err = access.New(access.Deps{
		DB: db, Audit: w.log, Now: func() time.Time { return w.now }, Rooms: []string{"library"},
		Cost: access.PasswordCost{MemoryKiB: 64, Passes: 1, Lanes: 1},
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func schemas() []sqldb.Schema { return []sqldb.Schema{audit.Schema(), access.Schema()} }

func each(t *testing.T, fn func(t *testing.T, w *world)) {
	sqldbtest.Each(t, schemas(), func(t *testing.T, db *sqldb.DB) { fn(t, newWorld(t, db)) })
}

// admin sets the world up and returns the first administrator's context.
func (w *world) admin(t *testing.T) context.Context {
	t.Helper()
	token, err := w.SetupToken(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s, err := w.Setup(t.Context(), token, access.NewUser{Name: "Ada", Email: adminEmail, Password: password}, "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	return as(t, s.User)
}

func as(t *testing.T, u access.User) context.Context {
	return access.With(t.Context(), access.Who{Tenant: u.Tenant, ID: u.ID, Name: u.Name, Kind: access.KindUser, Roles: u.Roles})
}

func wantFault(t *testing.T, err error, kind fault.Kind, code string) {
	t.Helper()
	if !fault.Is(err, kind) || (code != "" && fault.CodeOf(err) != code) {
		t.Fatalf("got %v (%s, %s), want %s %s", err, fault.KindOf(err), fault.CodeOf(err), kind, code)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestSetupLinkWorksOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		old, err := w.SetupToken(t.Context())
		must(t, err)
		token, err := w.SetupToken(t.Context())
		must(t, err)
		in := access.NewUser{Name: "Ada", Email: adminEmail, Password: password}
		_, err = w.Setup(t.Context(), old, in, "127.0.0.1")
		wantFault(t, err, fault.Denied, "bad-setup-link")
		s, err := w.Setup(t.Context(), token, in, "127.0.0.1")
		must(t, err)
		if diff := cmp.Diff([]string{access.RoleAdmin}, s.User.Roles); diff != "" {
			t.Error(diff)
		}
		_, err = w.Setup(t.Context(), token, access.NewUser{Name: "Eve", Email: "eve@example.org", Password: password}, "127.0.0.1")
		wantFault(t, err, fault.Gone, "setup-done")
		if again, err := w.SetupToken(t.Context()); err != nil || again != "" {
			t.Errorf("a set-up server gave the token %q, %v", again, err)
		}
	})
}

func TestSignIn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := w.admin(t)
		_, err := w.SignIn(t.Context(), " ADA@example.org ", password, "10.0.0.1")
		must(t, err)
		_, wrong := w.SignIn(t.Context(), adminEmail, "not the password", "10.0.0.1")
		_, unknown := w.SignIn(t.Context(), "nobody@example.org", password, "10.0.0.1")
		wantFault(t, wrong, fault.Unauthenticated, "wrong-credentials")
		if fault.TextOf(wrong) != fault.TextOf(unknown) {
			t.Error("a wrong password and an unknown address are told apart")
		}
		bob, err := w.CreateUser(ctx, access.NewUser{Name: "Bob", Email: "bob@example.org", Password: password, Roles: []string{access.RoleViewer}})
		must(t, err)
		disabled := true
		_, err = w.UpdateUser(ctx, bob.ID, 0, access.UserPatch{Disabled: &disabled})
		must(t, err)
		_, err = w.SignIn(t.Context(), "bob@example.org", password, "10.0.0.1")
		wantFault(t, err, fault.Unauthenticated, "wrong-credentials")
		denied, err := w.log.List(t.Context(), audit.Query{Tenant: access.MainTenant, Outcome: audit.Denied})
		must(t, err)
		if len(denied) != 3 {
			t.Errorf("%d failed attempts in the audit, want 3", len(denied))
		}
	})
}

func TestGuessingIsSlowedAndForgiven(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.admin(t)
		var err error
		for range 5 {
			_, err = w.SignIn(t.Context(), adminEmail, "wrong wrong wrong", "10.0.0.1")
			wantFault(t, err, fault.Unauthenticated, "")
		}
		_, err = w.SignIn(t.Context(), adminEmail, password, "10.0.0.1")
		wantFault(t, err, fault.Limited, "sign-in-limited")
		if after := fault.AfterOf(err); after <= 0 || after > time.Second {
			t.Errorf("the wait is %v, want up to 1 s", after)
		}
		_, err = w.SignIn(t.Context(), adminEmail, password, "10.9.9.9")
		must(t, err) // the owner elsewhere is not held up
		w.now = w.now.Add(2 * time.Second)
		_, err = w.SignIn(t.Context(), adminEmail, "wrong wrong wrong", "10.0.0.1")
		wantFault(t, err, fault.Unauthenticated, "")
		_, err = w.SignIn(t.Context(), adminEmail, password, "10.0.0.1")
		if after := fault.AfterOf(err); after <= time.Second {
			t.Errorf("the second wait is %v, want longer than the first", after)
		}
		w.now = w.now.Add(time.Hour)
		_, err = w.SignIn(t.Context(), adminEmail, password, "10.0.0.1")
		must(t, err)
	})
}

func TestOneAddressCannotGuessManyAccounts(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.admin(t)
		var err error
		for n := range 30 {
			_, err = w.SignIn(t.Context(), strings.Repeat("x", n+1)+"@example.org", "wrong wrong wrong", "2001:db8::1")
			wantFault(t, err, fault.Unauthenticated, "")
		}
		_, err = w.SignIn(t.Context(), adminEmail, password, "2001:db8::ffff")
		wantFault(t, err, fault.Limited, "") // the same /64
	})
}

func TestUsers(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := w.admin(t)
		in := access.NewUser{Name: "بشرى", Email: "bushra@example.org", Password: password, Roles: []string{access.RoleEditor}}
		u, err := w.CreateUser(ctx, in)
		must(t, err)
		_, err = w.CreateUser(ctx, in)
		wantFault(t, err, fault.Conflict, "email-taken")
		for code, bad := range map[string]access.NewUser{
			"weak-password": {Name: "X", Email: "x@example.org", Password: "short", Roles: in.Roles},
			"bad-email":     {Name: "X", Email: "x", Password: password, Roles: in.Roles},
			"bad-role":      {Name: "X", Email: "x@example.org", Password: password, Roles: []string{"god"}},
			"bad-name":      {Name: " ", Email: "x@example.org", Password: password, Roles: in.Roles},
		} {
			_, err := w.CreateUser(ctx, bad)
			wantFault(t, err, fault.Invalid, code)
		}
		_, err = w.UpdateUser(ctx, u.ID, u.Rev+7, access.UserPatch{Name: &in.Name})
		wantFault(t, err, fault.Stale, "")

		self := as(t, u)
		name, roles, next := "Bushra", []string{access.RoleAdmin}, "another long password"
		_, err = w.UpdateUser(self, u.ID, 0, access.UserPatch{Roles: &roles})
		wantFault(t, err, fault.Denied, "denied-default-deny")
		_, err = w.UpdateUser(self, u.ID, 0, access.UserPatch{Password: &next})
		wantFault(t, err, fault.Invalid, "current-password-required")
		_, err = w.UpdateUser(self, u.ID, 0, access.UserPatch{Password: &next, CurrentPassword: "not the one I have"})
		wantFault(t, err, fault.Denied, "wrong-password")
		u, err = w.UpdateUser(self, u.ID, 0, access.UserPatch{Name: &name, Password: &next, CurrentPassword: password})
		must(t, err)
		if u.Name != name {
			t.Errorf("the name is %q", u.Name)
		}
		_, err = w.SignIn(t.Context(), u.Email, next, "10.0.0.1")
		must(t, err)
		_, err = w.Users(self)
		wantFault(t, err, fault.Denied, "denied-default-deny")
	})
}

func TestTheLastAdministratorStays(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := w.admin(t)
		id := access.WhoFrom(ctx).ID
		roles, disabled := []string{access.RoleViewer}, true
		_, err := w.UpdateUser(ctx, id, 0, access.UserPatch{Roles: &roles})
		wantFault(t, err, fault.Conflict, "last-admin")
		_, err = w.UpdateUser(ctx, id, 0, access.UserPatch{Disabled: &disabled})
		wantFault(t, err, fault.Conflict, "last-admin")
		wantFault(t, w.DeleteUser(ctx, id), fault.Conflict, "last-admin")
		_, err = w.CreateUser(ctx, access.NewUser{Name: "B", Email: "b@example.org", Password: password, Roles: []string{access.RoleAdmin}})
		must(t, err)
		must(t, w.DeleteUser(ctx, id))
	})
}

func TestTenantsAreWalls(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := w.admin(t)
		_, err := w.CreateTenant(ctx, "other", "Other")
		wantFault(t, err, fault.Denied, "denied-only-the-machine-makes-tenants")
		_, err = w.CreateTenant(access.With(t.Context(), access.System(access.MainTenant)), "other", "Other")
		must(t, err)
		other := access.With(t.Context(), access.System("other"))
		spy, err := w.CreateUser(other, access.NewUser{Name: "Spy", Email: "spy@example.org", Password: password, Roles: []string{access.RoleAdmin}})
		must(t, err)
		id := access.WhoFrom(ctx).ID
		_, err = w.User(as(t, spy), id)
		wantFault(t, err, fault.NotFound, "user-not-found")
		wantFault(t, w.DeleteUser(as(t, spy), id), fault.NotFound, "user-not-found")
		err = w.Check(as(t, spy), "asset:read", access.Resource{ID: "a", Tenant: access.MainTenant})
		wantFault(t, err, fault.Denied, "denied-tenant-wall")
		err = w.Check(other, "asset:read", access.Resource{ID: "a", Tenant: access.MainTenant})
		wantFault(t, err, fault.Denied, "denied-tenant-wall")
	})
}

func TestDenialsAreAudited(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := w.admin(t)
		viewer, err := w.CreateUser(ctx, access.NewUser{Name: "V", Email: "v@example.org", Password: password, Roles: []string{access.RoleViewer}})
		must(t, err)
		wantFault(t, w.Check(as(t, viewer), "asset:trash", access.Resource{ID: "a1"}), fault.Denied, "denied-default-deny")
		must(t, w.db.Write(t.Context(), func(tx *sqldb.Tx) error {
			wantFault(t, w.CheckIn(as(t, viewer), "asset:purge", access.Resource{ID: "a2"}), fault.Denied, "")
			return nil
		}))
		w.Close()
		list, err := w.Audit(ctx, audit.Query{Outcome: audit.Denied})
		must(t, err)
		got := []string{}
		for _, r := range list {
			got = append(got, r.ActorName+" "+r.Action+" "+r.Subject)
		}
		if diff := cmp.Diff([]string{"V asset:purge a2", "V asset:trash a1"}, got); diff != "" {
			t.Error(diff)
		}
	})
}
