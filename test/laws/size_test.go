package laws_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	maxFileLines     = 600
	maxFuncLines     = 80
	maxDriverMethods = 8
	maxNeedMethods   = 5
)

// parsed walks every hand-written Go file of the module.
func parsed(t *testing.T, tests bool, visit func(path string, fset *token.FileSet, f *ast.File)) {
	t.Helper()
	for _, p := range packages(t) {
		files := slices.Clone(p.GoFiles)
		if tests {
			files = append(append(files, p.TestGoFiles...), p.XTestGoFiles...)
		}
		for _, name := range files {
			fset := token.NewFileSet()
			path := filepath.Join(p.Dir, name)
			f, err := parser.ParseFile(fset, path, nil, parser.ParseComments|parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			if ast.IsGenerated(f) {
				continue
			}
			rel, err := filepath.Rel(root(), path)
			if err != nil {
				t.Fatal(err)
			}
			visit(filepath.ToSlash(rel), fset, f)
		}
	}
}

func TestSizeLaw(t *testing.T) {
	parsed(t, true, func(path string, fset *token.FileSet, f *ast.File) {
		lines := func(n ast.Node) int { return fset.Position(n.End()).Line - fset.Position(n.Pos()).Line + 1 }
		if n := fset.File(f.Pos()).LineCount(); n > maxFileLines {
			t.Errorf("%s has %d lines, the law allows %d: split it by meaning", path, n, maxFileLines)
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && lines(fn) > maxFuncLines {
				t.Errorf("%s: %s has %d lines, the law allows %d", path, fn.Name.Name, lines(fn), maxFuncLines)
			}
		}
		ast.Inspect(f, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok {
				return true
			}
			face, ok := spec.Type.(*ast.InterfaceType)
			if !ok {
				return true
			}
			limit := maxDriverMethods
			if strings.HasSuffix(path, "/ports.go") {
				limit = maxNeedMethods
			}
			if got := len(face.Methods.List); got > limit {
				t.Errorf("%s: interface %s has %d methods, the law allows %d", path, spec.Name.Name, got, limit)
			}
			return true
		})
	})
}

func TestPackagesSayWhatTheyAreFor(t *testing.T) {
	tired := []string{"util", "utils", "common", "helper", "helpers", "model", "models", "types", "base", "manager", "misc", "shared", "lib"}
	for _, p := range packages(t) {
		if len(p.GoFiles) == 0 {
			continue
		}
		if len(strings.Fields(p.Doc)) < 4 {
			t.Errorf("%s has no package comment that says what it is for", p.folder())
		}
		if slices.Contains(tired, p.Name) || slices.Contains(tired, filepath.Base(p.Dir)) {
			t.Errorf("%s: a package is a noun of the field, not %q", p.folder(), p.Name)
		}
	}
}

func TestNoInit(t *testing.T) {
	parsed(t, false, func(path string, _ *token.FileSet, f *ast.File) {
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				t.Errorf("%s has an init function; wire it in house", path)
			}
		}
	})
}

func TestRoomsReadTopToBottom(t *testing.T) {
	for _, p := range packages(t) {
		parts := strings.Split(p.folder(), "/")
		if len(parts) != 2 || parts[0] != "product" {
			continue
		}
		for _, want := range []string{"doc.go", "service.go", "http.go"} {
			if !slices.Contains(p.GoFiles, want) {
				t.Errorf("%s has no %s", p.folder(), want)
			}
		}
	}
}
