package catalogue

import (
	"context"
	"errors"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"showreel/fault"
	"showreel/platform/weights"
)

// Addition is an operator's own model.
type Addition struct {
	ID      string // of the list (it takes that model's place), or a new one
	Role    string // of the list's roles; "" is that of the id
	Version string // "" is "own"
	Licence string // in the operator's words
	Files   []OwnFile
}

// OwnFile is one file of it; the first is what the engine opens.
type OwnFile struct {
	From   string // a path, or an address that begins with https:// or http://
	Name   string // "" keeps the name; the first file of a listed model gets the list's
	SHA256 string // needed for an address, compared where given
}

// Add takes an operator's own model in. It stays until it is removed by hand or added again; Install leaves it alone. Kinds:
// fault.Invalid for what is missing, fault.Corrupt for other bytes than the sha256 says, fault.Unavailable, fault.Full.
func (c *Catalogue) Add(ctx context.Context, a Addition) (Status, error) {
	m, listed := c.find(a.ID)
	if err := c.checkAddition(&a, m, listed); err != nil {
		return Status{}, err
	}
	unlock, err := lock(ctx, c.path(a.ID, "lock"), nil)
	if err != nil {
		return Status{}, err
	}
	defer unlock()
	made := c.path(a.ID, "own")
	if err := os.MkdirAll(made, 0o755); err != nil {
		return Status{}, disk("catalogue.add", made, err)
	}
	keep := []string{}
	for _, f := range a.Files {
		if err := c.take(ctx, f, filepath.Join(made, f.Name)); err != nil {
			return Status{}, err
		}
		keep = append(keep, f.Name)
	}
	names, err := filesIn(made)
	for _, n := range names { // of an earlier attempt
		if !slices.Contains(keep, filepath.Base(n)) {
			err = errors.Join(err, os.Remove(n))
		}
	}
	if err != nil {
		return Status{}, disk("catalogue.add", made, err)
	}
	man := weights.Manifest{ID: a.ID, Version: a.Version, Role: a.Role, Result: a.Files[0].Name, Own: true, Licence: a.Licence, Source: "the operator"}
	if err := seal(made, man); err != nil {
		return Status{}, err
	}
	if err := c.swap(made, a.ID); err != nil {
		return Status{}, err
	}
	unlock()
	if !listed {
		if man, err = weights.Read(c.folder(a.ID)); err != nil {
			return Status{}, err
		}
		m = ownModel(man)
	}
	return c.status(m), nil
}

func (c *Catalogue) checkAddition(a *Addition, m Model, listed bool) error {
	bad := func(text string, args ...any) error {
		return fault.Say("catalogue.add", a.ID, fault.Invalid, "bad-addition", text, args...)
	}
	if !weights.SafeID(a.ID) || slices.Contains([]string{"all", "default", "optional"}, a.ID) {
		return bad("An id has lower-case letters, digits, dots and dashes, and is no set's name.")
	}
	if a.Role == "" {
		a.Role = m.Role
	}
	if !slices.Contains(c.Roles(), a.Role) {
		return bad("%q is no role; the roles are %s.", a.Role, strings.Join(c.Roles(), ", "))
	}
	if listed && a.Role != m.Role {
		return bad("%s has the role %s; give the model another id.", a.ID, m.Role)
	}
	if a.Version == "" {
		a.Version = "own"
	}
	if a.Licence == "" {
		a.Licence = "the operator's affair"
	}
	if len(a.Files) == 0 {
		return bad("Name at least one file.")
	}
	for i := range a.Files {
		f := &a.Files[i]
		f.SHA256 = strings.ToLower(f.SHA256)
		switch {
		case f.Name == "" && i == 0 && listed:
			f.Name = m.Result
		case f.Name == "":
			f.Name = path.Base(f.From)
		}
		if f.Name != path.Base(f.Name) || strings.HasPrefix(f.Name, ".") || f.Name == "installed.json" || f.Name == "/" {
			return bad("%q is no name for a file here.", f.Name)
		}
		if f.SHA256 != "" && !hexSum(f.SHA256) {
			return bad("A sha256 is 64 hexadecimal digits.")
		}
		if remote(f.From) && f.SHA256 == "" {
			return bad("%s needs its sha256.", f.From)
		}
	}
	return nil
}

func remote(from string) bool {
	return strings.HasPrefix(from, "https://") || strings.HasPrefix(from, "http://")
}

// take brings one file to path and compares its hash.
func (c *Catalogue) take(ctx context.Context, f OwnFile, to string) error {
	if remote(f.From) {
		if err := c.fetchURL(ctx, f.From, to, 1<<40, func(int64) {}); err != nil {
			return err
		}
	} else {
		from := strings.TrimPrefix(f.From, "file://")
		info, err := os.Stat(from)
		if err != nil || !info.Mode().IsRegular() {
			return fault.Say("catalogue.add", from, fault.Invalid, "no-file", "%s is no file that can be read.", from)
		}
		if err := copyFile(from, to); err != nil {
			return errors.Join(disk("catalogue.add", to, err), os.Remove(to))
		}
	}
	if f.SHA256 == "" {
		return nil
	}
	sum, _, err := sumFile(to)
	if err != nil {
		return disk("catalogue.add", to, err)
	}
	if sum != f.SHA256 {
		return errors.Join(fault.Say("catalogue.add", f.From, fault.Corrupt, "other-bytes", "The sha256 of %s is %s, not %s. It was not used.", path.Base(f.From), sum, f.SHA256), os.Remove(to))
	}
	return nil
}

// Roles lists the roles of the list.
func (c *Catalogue) Roles() []string {
	var out []string
	for _, m := range c.book.Models {
		if !slices.Contains(out, m.Role) {
			out = append(out, m.Role)
		}
	}
	return out
}

// Use chooses which model a role uses; "" goes back to the standard one. Running engines see it when they next load. Kinds:
// fault.NotFound for an unknown role or model, fault.Invalid for a model of another role, fault.Conflict for one that is not installed.
func (c *Catalogue) Use(role, id string) error {
	const op = "catalogue.use"
	if !slices.Contains(c.Roles(), role) {
		return fault.Say(op, role, fault.NotFound, "no-role", "%q is no role; the roles are %s.", role, strings.Join(c.Roles(), ", "))
	}
	if id != "" {
		list, err := c.List()
		if err != nil {
			return err
		}
		i := slices.IndexFunc(list, func(s Status) bool { return s.ID == id })
		switch {
		case i < 0:
			return fault.Say(op, id, fault.NotFound, "no-model", "There is no model %q.", id)
		case list[i].Role != role:
			return fault.Say(op, id, fault.Invalid, "other-role", "%s has the role %s, not %s.", id, list[i].Role, role)
		case list[i].State != Ready && list[i].State != Own:
			return fault.Say(op, id, fault.Conflict, "not-installed", "%s is %s; showreel models install %s comes first.", id, list[i].State, id)
		}
	}
	return weights.Use(c.o.Dir, role, id)
}
