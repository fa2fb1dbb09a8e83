package names

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"testing"
)

// TestSettingsAreRead holds that every field in which a keyword keeps its value is
// read somewhere: a value that is stored and never looked at is a keyword without
// effect, which must say so in a notice instead. Looked at are the configuration's
// types of package engine and all types of slots. Code is read with its types; export
// data of what it imports comes from the build cache.
func TestSettingsAreRead(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds everything")
	}
	world := listPackages(t)
	reads, fields := map[string]bool{}, map[string]bool{}
	for _, p := range world {
		if p.own() {
			inspectPackage(t, world, p, reads, fields)
		}
	}
	if len(fields) < 300 {
		t.Fatalf("only %d settings were found", len(fields))
	}
	var bad []string
	for f := range fields {
		if !reads[f] && !exempt[f] {
			bad = append(bad, f)
		}
	}
	sort.Strings(bad)
	for _, f := range bad {
		t.Errorf("%s is set and never read", f)
	}
	for f := range exempt {
		if !fields[f] || reads[f] {
			t.Errorf("%s needs no exemption", f)
		}
	}
}

// exempt are fields that are told about elsewhere, with a notice where the keyword is
// used, or that serve no keyword.
var exempt = map[string]bool{
	"hawser/engine.Bind.GUIDPrefix": true, "hawser/engine.Bind.Label": true, "hawser/engine.Bind.Nice": true, // NoEffect
	"hawser/engine.Bind.Proto":             true, // checked where it is read: HTTP/1 is all there is
	"hawser/engine.Global.Chroot":          true, // NoEffect
	"hawser/engine.Global.LogSendHostname": true, // read by its address
	"hawser/engine.Proxy.GUID":             true, // unique over all objects, which is checked
}

// settings are the types of package engine that hold what keywords say.
var settings = map[string]bool{"Global": true, "Tune": true, "Proxy": true, "Settings": true, "Timeouts": true, "BalanceSpec": true,
	"LogSpec": true, "SourceSpec": true, "Bind": true, "BindSpec": true, "Server": true, "ServerSpec": true, "LogTarget": true,
	"CaptureCookie": true, "CaptureHeader": true, "ServerAddr": true}

type listed struct {
	ImportPath, Dir, Export string
	GoFiles                 []string
	Standard                bool
}

func (p *listed) own() bool {
	return strings.HasPrefix(p.ImportPath, "hawser/") && !strings.Contains(p.ImportPath, "/conformance")
}

func listPackages(t *testing.T) map[string]*listed {
	cmd := exec.Command("go", "list", "-export", "-deps", "-json=ImportPath,Dir,Export,GoFiles,Standard", "hawser/cmd/hawser")
	cmd.Dir = filepath.Join("..", "..")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Skip("go list: ", err)
	}
	all := map[string]*listed{}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := d.Decode(&p); err == io.EOF {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all[p.ImportPath] = &p
	}
}

// inspectPackage notes the settings that a package declares and the fields it reads.
func inspectPackage(t *testing.T, world map[string]*listed, p *listed, reads, fields map[string]bool) {
	fset := token.NewFileSet()
	var files []*ast.File
	for _, name := range p.GoFiles {
		f, err := parser.ParseFile(fset, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	info := &types.Info{Selections: map[*ast.SelectorExpr]*types.Selection{}, Uses: map[*ast.Ident]types.Object{}, Instances: map[*ast.Ident]types.Instance{}}
	conf := types.Config{Importer: importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) { return os.Open(world[path].Export) })}
	pkg, err := conf.Check(p.ImportPath, fset, files, info)
	if err != nil {
		t.Fatal(err)
	}
	if p.ImportPath == "hawser/engine" {
		for name := range settings {
			if o := pkg.Scope().Lookup(name); o != nil {
				addFields(o.Type(), fields)
			}
		}
	}
	for id, inst := range info.Instances {
		if id.Name == "NewSlot" {
			addFields(inst.TypeArgs.At(1), fields)
		}
	}
	if p.ImportPath == "hawser/engine" {
		for _, name := range pkg.Scope().Names() {
			if c, ok := pkg.Scope().Lookup(name).(*types.Const); ok && strings.HasPrefix(name, "Opt") && strings.HasSuffix(c.Type().String(), "engine.Options") {
				fields["option bit "+name] = true
			}
		}
	}
	askedBits(files, reads)
	written := writtenSelectors(files)
	for sel, s := range info.Selections {
		if s.Kind() == types.FieldVal && !written[sel] {
			reads[fieldName(s)] = true
		}
	}
}

// askedBits notes the bits of Options that are asked for with Has.
func askedBits(files []*ast.File, reads map[string]bool) {
	for _, f := range files {
		ast.Inspect(f, func(n ast.Node) bool {
			c, ok := n.(*ast.CallExpr)
			if !ok || len(c.Args) != 1 {
				return true
			}
			if sel, ok := c.Fun.(*ast.SelectorExpr); !ok || sel.Sel.Name != "Has" {
				return true
			}
			switch a := c.Args[0].(type) {
			case *ast.Ident:
				reads["option bit "+a.Name] = true
			case *ast.SelectorExpr:
				reads["option bit "+a.Sel.Name] = true
			}
			return true
		})
	}
}

// addFields adds the fields of a named struct type as "package.Type.Field".
func addFields(t types.Type, fields map[string]bool) {
	for {
		p, ok := t.(*types.Pointer)
		if !ok {
			break
		}
		t = p.Elem()
	}
	n, ok := t.(*types.Named)
	if !ok || !strings.HasPrefix(n.Obj().Pkg().Path(), "hawser/") {
		return
	}
	st, ok := n.Underlying().(*types.Struct)
	if !ok {
		return
	}
	for i := range st.NumFields() {
		if f := st.Field(i); !f.Embedded() && f.Name() != "_" {
			fields[n.Obj().Pkg().Path()+"."+n.Obj().Name()+"."+f.Name()] = true
		}
	}
}

// fieldName names the field that a selection ends at by the type that declares it.
func fieldName(s *types.Selection) string {
	t := s.Recv()
	index := s.Index()
	for i, at := range index {
		if p, ok := t.Underlying().(*types.Pointer); ok {
			t = p.Elem()
		}
		st, ok := t.Underlying().(*types.Struct)
		if !ok {
			return ""
		}
		f := st.Field(at)
		if i == len(index)-1 {
			if n, ok := t.(*types.Named); ok {
				return n.Obj().Pkg().Path() + "." + n.Obj().Name() + "." + f.Name()
			}
			return ""
		}
		t = f.Type()
	}
	return ""
}

// writtenSelectors are those that are only assigned to.
func writtenSelectors(files []*ast.File) map[*ast.SelectorExpr]bool {
	out := map[*ast.SelectorExpr]bool{}
	note := func(x ast.Expr) {
		for {
			switch y := x.(type) {
			case *ast.ParenExpr:
				x = y.X
				continue
			case *ast.IndexExpr:
				x = y.X
				continue
			case *ast.SelectorExpr:
				out[y] = true
			}
			return
		}
	}
	for _, f := range files {
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.AssignStmt:
				for i, l := range n.Lhs {
					note(l)
					if i < len(n.Rhs) {
						noteAppend(l, n.Rhs[i], note)
					}
				}
			case *ast.IncDecStmt:
				note(n.X)
			case *ast.UnaryExpr: // an address to write to
				if n.Op == token.AND {
					note(n.X)
				}
			}
			return true
		})
	}
	return out
}

// noteAppend takes "x.f = append(x.f, ...)" for a write alone.
func noteAppend(_, r ast.Expr, note func(ast.Expr)) {
	c, ok := r.(*ast.CallExpr)
	if !ok || len(c.Args) == 0 {
		return
	}
	if id, ok := c.Fun.(*ast.Ident); ok && id.Name == "append" {
		arg := c.Args[0]
		if inner, ok := arg.(*ast.CallExpr); ok && len(inner.Args) == 1 { // slices.Clip
			arg = inner.Args[0]
		}
		note(arg)
	}
}
