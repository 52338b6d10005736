package main

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"showreel/fault"
	"showreel/house"
	"showreel/platform/config"
)

// connect returns a client for the running server, or for a house started in this process when only --data is given.
// The returned function releases what was started.
func (c *cli) connect(ctx context.Context) (*client, func(), error) {
	if c.server != "" {
		key := c.key
		if key == "" {
			key = os.Getenv("SHOWREEL_KEY")
		}
		return &client{base: trimSlash(c.server), key: key, http: &http.Client{}}, func() {}, nil
	}
	if c.data == "" {
		return nil, nil, fault.Say("connect", "", fault.Invalid, "no-target", "Say where to work: --server http://localhost:8080 with --key, or --data FOLDER.")
	}
	if cl, ok := c.running(ctx); ok {
		return cl, func() {}, nil
	}
	return c.inProcess(ctx)
}

func trimSlash(s string) string {
	for len(s) > 0 && s[len(s)-1] == '/' {
		s = s[:len(s)-1]
	}
	return s
}

// running finds the server that works on the data folder, by the address and key it left there for its own machine.
func (c *cli) running(ctx context.Context) (*client, bool) {
	raw, err := os.ReadFile(filepath.Join(c.data, house.LocalFile))
	if err != nil {
		return nil, false
	}
	var local house.Local
	if json.Unmarshal(raw, &local) != nil || local.URL == "" {
		return nil, false
	}
	cl := &client{base: trimSlash(local.URL), key: local.Key, http: &http.Client{}}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	return cl, cl.call(ctx, http.MethodGet, "/v1/session", nil, nil) == nil
}

// inProcess starts the house on the data folder behind an in-memory listener.
func (c *cli) inProcess(ctx context.Context) (*client, func(), error) {
	cfg, err := c.loadConfig(nil)
	if err != nil {
		return nil, nil, err
	}
	h, err := house.Open(ctx, cfg, house.Options{Version: version, Quiet: true})
	if err != nil {
		return nil, nil, err
	}
	pipe := newPipeListener()
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan error, 1)
	go func() { done <- h.Run(running) }()
	server := &http.Server{Handler: h.Handler(), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(pipe) }()
	key, err := h.LocalKey(ctx)
	release := func() {
		_ = server.Close()
		stop()
		<-done
		_ = h.Close()
	}
	if err != nil {
		release()
		return nil, nil, err
	}
	transport := &http.Transport{DialContext: pipe.dial, MaxIdleConnsPerHost: 16}
	return &client{base: "http://showreel.local", key: key, http: &http.Client{Transport: transport}}, release, nil
}

// loadConfig reads the configuration with this run's flags on top.
func (c *cli) loadConfig(flags map[string]string) (*config.Config, error) {
	set := map[string]string{}
	for k, v := range flags {
		if v != "" {
			set[k] = v
		}
	}
	if c.data != "" {
		set["data"] = c.data
	}
	return config.Source{File: c.config, Env: os.Environ(), Flags: set}.Load()
}

// pipeListener accepts connections made in this process, so that no port is opened.
type pipeListener struct {
	conns  chan net.Conn
	closed chan struct{}
}

func newPipeListener() *pipeListener {
	return &pipeListener{conns: make(chan net.Conn), closed: make(chan struct{})}
}

func (l *pipeListener) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case l.conns <- far:
		return near, nil
	case <-l.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Accept implements net.Listener.
func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (l *pipeListener) Close() error {
	select {
	case <-l.closed:
	default:
		close(l.closed)
	}
	return nil
}

// Addr implements net.Listener.
func (l *pipeListener) Addr() net.Addr { return pipeAddr{} }

type pipeAddr struct{}

func (pipeAddr) Network() string { return "pipe" }
func (pipeAddr) String() string  { return "127.0.0.1:0" }
