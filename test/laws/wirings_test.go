package laws_test

import (
	"fmt"
	"go/ast"
	"go/token"
	"slices"
	"strings"
	"testing"
)

// TestWiringList keeps docs/wirings.md true: every interface a room declares in ports.go, and who stands behind it.
func TestWiringList(t *testing.T) {
	var rows []string
	parsed(t, false, func(path string, _ *token.FileSet, f *ast.File) {
		if !strings.HasPrefix(path, "product/") || !strings.HasSuffix(path, "/ports.go") {
			return
		}
		room := strings.Split(path, "/")[1]
		for _, d := range f.Decls {
			gen, ok := d.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, s := range gen.Specs {
				spec, ok := s.(*ast.TypeSpec)
				if !ok {
					continue
				}
				if face, ok := spec.Type.(*ast.InterfaceType); ok {
					var verbs []string
					for _, m := range face.Methods.List {
						for _, n := range m.Names {
							verbs = append(verbs, n.Name)
						}
					}
					doc := strings.Join(strings.Fields(gen.Doc.Text()), " ")
					rows = append(rows, fmt.Sprintf("| `%s.%s` | %s | %s |\n", room, spec.Name.Name, strings.Join(verbs, ", "), doc))
				}
			}
		}
	})
	if len(rows) == 0 {
		t.Fatal("no ports found")
	}
	slices.Sort(rows)
	golden(t, "docs/wirings.md", "# Wirings\n\nWhat rooms need from others, declared by the room that needs it (`ports.go`) and plugged in by `house/rooms.go`. This list is\ngenerated; a test keeps it true.\n\n| port | verbs | what it is |\n|---|---|---|\n"+strings.Join(rows, ""))
}
