package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"showreel/fault"
	"showreel/platform/sidecar"
)

// serveOptions is what the command line says.
type serveOptions struct {
	roles     []string
	models    string
	native    string
	network   string // "unix" or "tcp"
	address   string
	tokenFile string
	workers   int
	memoryMB  int
}

// roleOptions is what every role is opened with: the folder of the models (one folder each), the folder of the native
// libraries, and how many calls are answered in parallel, each by its own instance of a model.
type roleOptions struct {
	Models  string
	Native  string
	Workers int
}

// role is an opened role: its paths and how it ends.
type role struct {
	Mount func(*http.ServeMux)
	Close func() error
}

// openRole opens a role. A model that is not installed is no error: the role's caps say what is missing.
type openRole func(roleOptions) (role, error)

func parseServe(args []string) (serveOptions, error) {
	var o serveOptions
	var names, listen string
	f := flag.NewFlagSet("serve", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.StringVar(&names, "roles", "", "")
	f.StringVar(&o.models, "models", "", "")
	f.StringVar(&o.native, "native", "", "")
	f.StringVar(&listen, "listen", "", "")
	f.StringVar(&o.tokenFile, "token-file", "", "")
	f.IntVar(&o.workers, "workers", 1, "")
	f.IntVar(&o.memoryMB, "memory-mb", 0, "")
	if err := f.Parse(args); err != nil {
		return o, invalid("%v.", err)
	}
	o.network, o.address, _ = strings.Cut(listen, ":")
	switch {
	case f.NArg() > 0:
		return o, invalid("%q is not an option.", f.Arg(0))
	case o.models == "" || o.native == "":
		return o, invalid("Name the folder of the models (--models) and of the native libraries (--native).")
	case o.address == "" || o.network != "unix" && o.network != "tcp":
		return o, invalid("--listen is unix:PATH or tcp:HOST:PORT.")
	case o.network == "tcp" && o.tokenFile == "":
		return o, invalid("Over TCP a --token-file is needed: a file with a secret that the server presents.")
	case o.workers < 1 || o.workers > 64:
		return o, invalid("--workers is 1 to 64.")
	}
	table := roles()
	for name := range strings.SplitSeq(names, ",") {
		if table[name] == nil {
			return o, invalid("There is no role %q; this program plays %s.", name, strings.Join(slices.Sorted(maps.Keys(table)), ", "))
		}
		if !slices.Contains(o.roles, name) {
			o.roles = append(o.roles, name)
		}
	}
	return o, nil
}

func invalid(text string, args ...any) error {
	return fault.Say("showreel-ai.serve", "", fault.Invalid, "bad-arguments", text, args...)
}

// serve answers until the context ends.
func serve(ctx context.Context, o serveOptions, log io.Writer) error {
	const op = "showreel-ai.serve"
	if o.memoryMB > 0 {
		limit := syscall.Rlimit{Cur: uint64(o.memoryMB) << 20, Max: uint64(o.memoryMB) << 20}
		if err := syscall.Setrlimit(syscall.RLIMIT_DATA, &limit); err != nil {
			return fault.E(op, "memory-mb", fault.Internal, err)
		}
	}
	handler, end, err := open(o)
	if err != nil {
		return err
	}
	if o.network == "unix" {
		_ = os.Remove(o.address) // left by one that was killed
	}
	listener, err := net.Listen(o.network, o.address)
	if err != nil {
		return errors.Join(fault.Say(op, o.address, fault.Unavailable, "cannot-listen", "The address %s cannot be listened on: %v.", o.address, err), end())
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	fmt.Fprintf(log, "showreel-ai %s plays %s on %s\n", version, strings.Join(o.roles, ", "), listener.Addr())
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	select {
	case err = <-served:
	case <-ctx.Done():
		err = nil
		// Calls in flight are asked again elsewhere or later; native code cannot be waited for long.
		drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		if server.Shutdown(drain) != nil {
			return nil // a model still computes: the process ends under it, its memory must not be freed first
		}
	}
	return errors.Join(err, end())
}

// open opens the roles behind one handler, again whenever the models change; end closes them.
func open(o serveOptions) (handler http.Handler, end func() error, err error) {
	h, err := newHouse(o.models, func() (http.Handler, func() error, error) { return openRoles(o) })
	if err != nil {
		return nil, nil, err
	}
	if handler, err = guarded(o.tokenFile, sidecar.Metered(h)); err != nil {
		return nil, nil, errors.Join(err, h.Close())
	}
	outer := http.NewServeMux()
	outer.Handle("/", handler)
	outer.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "ok %s %s\n", version, strings.Join(o.roles, ","))
	})
	return outer, h.Close, nil
}

// openRoles opens each role; end closes them in reverse.
func openRoles(o serveOptions) (handler http.Handler, end func() error, err error) {
	mux := http.NewServeMux()
	var opened []role
	end = func() error {
		var all error
		for _, r := range slices.Backward(opened) {
			all = errors.Join(all, r.Close())
		}
		return all
	}
	for _, name := range o.roles {
		r, err := roles()[name](roleOptions{Models: o.models, Native: o.native, Workers: o.workers})
		if err != nil {
			return nil, nil, errors.Join(err, end())
		}
		opened = append(opened, r)
		r.Mount(mux)
	}
	return mux, end, nil
}

// guarded asks for the token of the file, if there is one.
func guarded(file string, next http.Handler) (http.Handler, error) {
	if file == "" {
		return next, nil
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, fault.Say("showreel-ai.serve", file, fault.Invalid, "token-file", "The token file cannot be read: %v.", err)
	}
	token := strings.TrimSpace(string(raw))
	if len(token) < 16 {
		return nil, fault.Say("showreel-ai.serve", file, fault.Invalid, "token-file", "The token file holds a secret of at least 16 characters.")
	}
	return sidecar.RequireToken(token, next), nil
}
