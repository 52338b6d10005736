// Package weights is the layout of the folder of models on disk, which the installer writes and the engines read:
//
//	DIR/ID/             the files of one model, put in place by one rename
//	DIR/ID/installed.json  what it is and the hash of each file (Manifest)
//	DIR/use.json        the model chosen for a role, where it is not the standard one
//
// It installs nothing and runs nothing.
package weights

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"showreel/fault"
)

const (
	manifestName = "installed.json"
	usesName     = "use.json"
)

// Manifest says what lies in a model's folder.
type Manifest struct {
	ID          string `json:"id"`
	Version     string `json:"version"`
	Role        string `json:"role"`
	Result      string `json:"result"`        // the file that an engine opens
	Own         bool   `json:"own,omitempty"` // brought by the operator
	Licence     string `json:"licence,omitempty"`
	Source      string `json:"source,omitempty"` // where it came from, in words
	Files       []File `json:"files"`
	InstalledMS int64  `json:"installedMs"`
}

// File is one file of a model.
type File struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// Read returns the manifest of a model. Kinds: fault.NotFound where there is none, fault.Corrupt where it cannot be read.
func Read(folder string) (Manifest, error) {
	var m Manifest
	raw, err := os.ReadFile(filepath.Join(folder, manifestName))
	if errors.Is(err, fs.ErrNotExist) {
		return m, fault.E("weights.read", folder, fault.NotFound, err)
	}
	if err == nil {
		err = json.Unmarshal(raw, &m)
	}
	if err != nil {
		return m, fault.E("weights.read", folder, fault.Corrupt, err)
	}
	return m, nil
}

// Write puts the manifest into a model's folder.
func Write(folder string, m Manifest) error {
	return WriteJSON(filepath.Join(folder, manifestName), m)
}

// WriteJSON replaces a small file in one step.
func WriteJSON(path string, v any) error {
	raw, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fault.E("weights.write", path, fault.Internal, err)
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".json-*")
	if err != nil {
		return fault.E("weights.write", path, fault.Internal, err)
	}
	_, err = tmp.Write(append(raw, '\n'))
	err = errors.Join(err, tmp.Sync(), tmp.Chmod(0o644), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		return errors.Join(fault.E("weights.write", path, fault.Internal, err), os.Remove(tmp.Name()))
	}
	return nil
}

// Uses returns the models chosen by role. A folder without choices has none.
func Uses(dir string) (map[string]string, error) {
	uses := map[string]string{}
	raw, err := os.ReadFile(filepath.Join(dir, usesName))
	if errors.Is(err, fs.ErrNotExist) {
		return uses, nil
	}
	if err == nil {
		err = json.Unmarshal(raw, &uses)
	}
	if err != nil {
		return nil, fault.E("weights.uses", dir, fault.Corrupt, err)
	}
	return uses, nil
}

// Use chooses the model of a role; "" goes back to the standard one.
func Use(dir, role, id string) error {
	uses, err := Uses(dir)
	if err != nil {
		return err
	}
	uses[role] = id
	if id == "" {
		delete(uses, role)
	}
	return WriteJSON(filepath.Join(dir, usesName), uses)
}

// Found is a model and where it lies.
type Found struct {
	ID      string
	Version string // "" where the folder has no manifest
	Role    string // as the manifest says
	Own     bool   // brought by the operator
	Folder  string
	Path    string // of the file to open
}

// Locate returns the model that a role uses, the chosen one or the standard one, whether it is installed or not. file is
// the standard result's name, for folders without a manifest. Where the choices cannot be read it is the standard one.
func Locate(dir, role, standard, file string) Found {
	uses, err := Uses(dir)
	if chosen := uses[role]; err == nil && chosen != "" && SafeID(chosen) {
		return At(dir, chosen, file)
	}
	return At(dir, standard, file)
}

// At returns the model of an id, whether it is installed or not.
func At(dir, id, file string) Found {
	f := Found{ID: id, Folder: filepath.Join(dir, filepath.Base(id))}
	if m, err := Read(f.Folder); err == nil {
		f.Version, f.Role, f.Own, file = m.Version, m.Role, m.Own, m.Result
	}
	f.Path = filepath.Join(f.Folder, filepath.Base(file))
	return f
}

// Missing is the fault of a model that is not installed: fault.Unavailable, code "model-missing", with the command that
// installs it. nil where its file is there.
func (f Found) Missing() error {
	if st, err := os.Stat(f.Path); err == nil && st.Mode().IsRegular() {
		return nil
	}
	return fault.Say("weights.find", f.ID, fault.Unavailable, "model-missing", "The model %s is not installed: showreel models install %s", f.ID, f.ID)
}

// Name is what results call the model: its id and version. standard is the version of a folder without a manifest.
func (f Found) Name(standard string) string {
	v := f.Version
	if v == "" {
		v = standard
	}
	if f.Own {
		v += " (own)"
	}
	return strings.TrimSpace(f.ID + " " + v)
}

// Find is Locate of a model that is installed. Kind: fault.Unavailable, code "model-missing".
func Find(dir, role, standard, file string) (Found, error) {
	f := Locate(dir, role, standard, file)
	return f, f.Missing()
}

// Revision changes whenever a model is installed, removed or exchanged, or another one is chosen.
func Revision(dir string) string {
	var b strings.Builder
	stamp := func(path string) {
		if st, err := os.Stat(path); err == nil {
			fmt.Fprintf(&b, "%s %d %d\n", filepath.Base(filepath.Dir(path)), st.Size(), st.ModTime().UnixNano())
		}
	}
	stamp(filepath.Join(dir, usesName))
	list, err := os.ReadDir(dir)
	if err != nil {
		return ""
	}
	for _, e := range list {
		if SafeID(e.Name()) {
			stamp(filepath.Join(dir, e.Name(), manifestName))
		}
	}
	return b.String()
}

// SafeID reports whether an id can be a folder's name: lower-case letters, digits, dots and dashes, no leading dot.
func SafeID(id string) bool {
	return id != "" && len(id) <= 64 && !strings.HasPrefix(id, ".") &&
		strings.Trim(id, "abcdefghijklmnopqrstuvwxyz0123456789.-") == ""
}
