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

// TestEventList keeps docs/events.md true: every event a room writes or reads, with writer and readers.
func TestEventList(t *testing.T) {
	writers, readers := map[string][]string{}, map[string][]string{}
	parsed(t, false, func(path string, _ *token.FileSet, f *ast.File) {
		floor := strings.Split(path, "/")
		if floor[0] != "product" && floor[0] != "trust" && floor[0] != "house" {
			return
		}
		place := strings.Join(floor[:len(floor)-1], "/")
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			list := writers
			switch called(call) {
			case "Consume":
				list = readers
			case "Write", "done", "event", "move":
			default:
				return true
			}
			for _, arg := range call.Args {
				for _, name := range eventsIn(arg) {
					if !slices.Contains(list[name], place) {
						list[name] = append(list[name], place)
					}
				}
			}
			return true
		})
	})
	if len(writers) < 12 {
		t.Fatalf("only %d events found: the list would guard nothing", len(writers))
	}
	for name := range readers {
		if len(writers[name]) == 0 {
			t.Errorf("%s is read by %v but nobody writes it", name, readers[name])
		}
	}
	golden(t, "docs/events.md", eventTable(writers, readers))
}

func eventTable(writers, readers map[string][]string) string {
	var out strings.Builder
	out.WriteString("# Domain events\n\nWritten in the transaction of the change they tell of, read by consumers with durable cursors (`platform/outbox`), sent to signed-in\npeople over `/v1/stream` and to webhooks (`notify.webhooks`). This list is generated; a test keeps it true.\n\n| event | written by | read by |\n|---|---|---|\n")
	for _, name := range slices.Sorted(maps.Keys(writers)) {
		by := append(slices.Clone(readers[name]), "the stream")
		slices.Sort(writers[name])
		fmt.Fprintf(&out, "| `%s` | %s | %s |\n", name, strings.Join(writers[name], ", "), strings.Join(by, ", "))
	}
	return out.String()
}

// called is the name of the method or function of a call.
func called(call *ast.CallExpr) string {
	switch fn := call.Fun.(type) {
	case *ast.SelectorExpr:
		return fn.Sel.Name
	case *ast.Ident:
		return fn.Name
	}
	return ""
}

var eventName = regexp.MustCompile(`^(asset|job|finding|annotations|captions|collection|person|user|key|template)\.[a-z-]+$`)

// eventsIn finds the event names among the literals of an expression, but not inside function bodies or further calls.
func eventsIn(arg ast.Expr) []string {
	var out []string
	ast.Inspect(arg, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit, *ast.CallExpr:
			return false
		case *ast.BasicLit:
			if s, err := strconv.Unquote(n.Value); n.Kind == token.STRING && err == nil && eventName.MatchString(s) {
				out = append(out, s)
			}
		}
		return true
	})
	return out
}

// TestGoldenDeps shows a new dependency of a program as a diff.
func TestGoldenDeps(t *testing.T) {
	for program, cgo := range map[string]string{"cmd/showreel": "0", "cmd/showreel-ai": "1"} {
		cmd := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}}{{end}}{{end}}", "./"+program)
		cmd.Dir = root()
		cmd.Env = append(os.Environ(), "CGO_ENABLED="+cgo)
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Fields(strings.ReplaceAll(strings.TrimSpace(string(out)), " ", "@"))
		slices.Sort(lines)
		golden(t, program+"/deps.txt", strings.Join(slices.Compact(lines), "\n")+"\n")
	}
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
