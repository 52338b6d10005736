package laws_test

import (
	"fmt"
	"go/ast"
	"go/token"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestEventList keeps docs/events.md true: every event a room writes or reads is a constant named Event…, declared by
// its writer, and the table lists name, writer and readers.
func TestEventList(t *testing.T) {
	eventName := regexp.MustCompile(`^[a-z]+\.[a-z-]+$`)
	writers, readers := map[string][]string{}, map[string][]string{}
	note := func(m map[string][]string, name, room string) {
		if !slices.Contains(m[name], room) {
			m[name] = append(m[name], room)
		}
	}
	for name, value := range eventConstants(t) {
		if !eventName.MatchString(value) {
			t.Errorf("%s = %q is not an event name like asset.published", name, value)
		}
	}
	constants := eventConstants(t)
	parsed(t, false, func(path string, _ *token.FileSet, f *ast.File) {
		floor := strings.Split(path, "/")
		if floor[0] != "product" && floor[0] != "trust" {
			return
		}
		room := strings.Join(floor[:2], "/")
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			sel, ok := call.Fun.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			for _, arg := range call.Args {
				ast.Inspect(arg, func(n ast.Node) bool {
					name := eventIn(n, constants, eventName)
					switch {
					case name == "":
					case sel.Sel.Name == "Consume":
						note(readers, name, room)
					case len(call.Args) >= 4:
						note(writers, name, room)
					}
					return true
				})
			}
			return true
		})
	})
	if len(writers) < 5 {
		t.Fatalf("only %d events found: the list would guard nothing", len(writers))
	}
	var out strings.Builder
	out.WriteString("# Domain events\n\nWritten in the transaction of the change they tell of, read by consumers with durable cursors (`platform/outbox`), and sent to signed-in people over `/v1/stream`. This list is generated; a test keeps it true.\n\n| event | written by | read by |\n|---|---|---|\n")
	for _, name := range slices.Sorted(maps.Keys(writers)) {
		by := readers[name]
		slices.Sort(by)
		slices.Sort(writers[name])
		fmt.Fprintf(&out, "| `%s` | %s | %s |\n", name, strings.Join(writers[name], ", "), orElse(strings.Join(by, ", "), "the stream"))
	}
	for name := range readers {
		if len(writers[name]) == 0 {
			t.Errorf("%s is read by %v but nobody writes it", name, readers[name])
		}
	}
	golden(t, "docs/events.md", out.String())
}

// eventConstants finds `EventX = "a.b"` constants: name to value.
func eventConstants(t *testing.T) map[string]string {
	out := map[string]string{}
	parsed(t, false, func(_ string, _ *token.FileSet, f *ast.File) {
		for _, d := range f.Decls {
			gen, ok := d.(*ast.GenDecl)
			if !ok || gen.Tok != token.CONST {
				continue
			}
			for _, s := range gen.Specs {
				v := s.(*ast.ValueSpec)
				for i, id := range v.Names {
					if !strings.HasPrefix(id.Name, "Event") || i >= len(v.Values) {
						continue
					}
					if lit, ok := v.Values[i].(*ast.BasicLit); ok && lit.Kind == token.STRING {
						if s, err := strconv.Unquote(lit.Value); err == nil {
							out[id.Name] = s
						}
					}
				}
			}
		}
	})
	return out
}

func eventIn(n ast.Node, constants map[string]string, shape *regexp.Regexp) string {
	switch n := n.(type) {
	case *ast.Ident:
		return constants[n.Name]
	case *ast.BasicLit:
		if s, err := strconv.Unquote(n.Value); n.Kind == token.STRING && err == nil && shape.MatchString(s) {
			for _, v := range constants {
				if v == s {
					return s
				}
			}
		}
	}
	return ""
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// TestGoldenDeps shows a new dependency of the server as a diff.
func TestGoldenDeps(t *testing.T) {
	cmd := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}}{{end}}{{end}}", "./cmd/showreel")
	cmd.Dir = root()
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Fields(strings.ReplaceAll(strings.TrimSpace(string(out)), " ", "@"))
	slices.Sort(lines)
	golden(t, "cmd/showreel/deps.txt", strings.Join(slices.Compact(lines), "\n")+"\n")
	listed, err := os.ReadFile(filepath.Join(root(), "docs/dependencies.md"))
	if err != nil {
		t.Fatal(err)
	}
	mod, err := os.ReadFile(filepath.Join(root(), "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(mod)) {
		f := strings.Fields(line)
		if len(f) == 2 && strings.HasPrefix(f[1], "v") && strings.Contains(f[0], "/") && !strings.Contains(string(listed), f[0]+" ") {
			t.Errorf("docs/dependencies.md does not list %s with its licence", f[0])
		}
	}
}

var (
	link    = regexp.MustCompile(`\]\(([^)#\s]+)[^)]*\)`)
	makeCmd = regexp.MustCompile("`make ([a-z-]+)")
)

// TestDocsLinksAndCommands follows every relative link of the docs and every make target they name.
func TestDocsLinksAndCommands(t *testing.T) {
	makefile, err := os.ReadFile(filepath.Join(root(), "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(root(), "docs/*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(files, filepath.Join(root(), "README.md")) {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllStringSubmatch(string(body), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(file), m[1])); err != nil {
				t.Errorf("%s links to %s, which is not there", filepath.Base(file), m[1])
			}
		}
		for _, m := range makeCmd.FindAllStringSubmatch(string(body), -1) {
			if !strings.Contains("\n"+string(makefile), "\n"+m[1]+":") {
				t.Errorf("%s names make %s, which the Makefile lacks", filepath.Base(file), m[1])
			}
		}
	}
	readme, err := os.ReadFile(filepath.Join(root(), "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"make run", "make test"} {
		if !strings.Contains(string(readme), want) {
			t.Errorf("README.md does not name %s", want)
		}
	}
}
