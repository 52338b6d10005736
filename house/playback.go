package house

import (
	"context"
	"fmt"
	"html"
	"net"
	"net/http"
	"os"
	"os/exec"
	"time"

	"showreel/fault"
	"showreel/media"
	"showreel/platform/child"
	"showreel/platform/run"
	"showreel/product/delivery"
	"showreel/product/library"
	"showreel/trust/access"
)

// playbackAbility plays the shortest ready film in a headless Chromium, where there is one.
func (h *House) playbackAbility(ctx context.Context) run.Ability {
	a := run.Ability{Name: "playback in a browser", State: run.Degraded}
	browser, err := exec.LookPath("chromium")
	switch {
	case err != nil:
		a.Text = "There is no Chromium on this machine; playback was not tried. Install it (Debian: apt-get install chromium)."
		return a
	case h.delivery == nil || h.server.Addr() == "":
		a.Text = "Playback is tried against a running server; start one with showreel serve."
		return a
	}
	if a.Text, err = h.tryPlayback(ctx, browser); err != nil {
		a.State, a.Text = run.Missing, fault.TextOf(err)
		return a
	}
	a.State = run.OK
	return a
}

// tryPlayback opens the embeddable player and waits for it to say that a frame was shown.
func (h *House) tryPlayback(ctx context.Context, browser string) (string, error) {
	ctx = access.With(ctx, access.System(access.MainTenant))
	page, err := h.library.List(ctx, library.Query{Kinds: []media.Kind{media.Video}, States: []library.State{library.Ready}, Sort: "duration", Limit: 1})
	if err != nil {
		return "", err
	}
	if len(page.Items) == 0 {
		return "There is no film in the library yet; add one and ask again.", nil
	}
	film := page.Items[0]
	grant, err := h.delivery.Play(ctx, film.ID, delivery.PlayRequest{})
	if err != nil {
		return "", err
	}
	shown, err := h.look(ctx, browser, "http://"+h.server.Addr()+grant.Embed)
	if err != nil {
		return "", err
	}
	if !shown {
		return "", fault.Say("house.playback", film.ID, fault.Unavailable, "no-first-frame", "Chromium did not show a frame of “%s” within %s.", film.Title, lookFor)
	}
	return fmt.Sprintf("Chromium showed a frame of “%s”", film.Title), nil
}

// lookFor is how long the player may take to show a frame.
const lookFor = 20 * time.Second

// look opens the player in a page of another site, as people embed it, and reports whether it told that page of a frame.
func (h *House) look(ctx context.Context, browser, player string) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, lookFor)
	defer cancel()
	profile, err := os.MkdirTemp(h.path("tmp"), "browser-")
	if err != nil {
		return false, fault.E("house.playback", "", fault.Unavailable, err)
	}
	defer os.RemoveAll(profile)
	shown := make(chan struct{}, 1)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, `<iframe src="%s" width="640" height="360"></iframe><script>onmessage = (e) => { if (e.data === "showreel:shown") fetch("/shown", { method: "POST" }) }</script>`, html.EscapeString(player))
	})
	mux.HandleFunc("POST /shown", func(http.ResponseWriter, *http.Request) {
		select {
		case shown <- struct{}{}:
		default:
		}
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return false, fault.E("house.playback", "", fault.Unavailable, err)
	}
	page := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	defer page.Close()
	go func() { _ = page.Serve(listener) }()
	ended := make(chan error, 1)
	go func() {
		_, err := child.Run(ctx, child.Spec{Path: browser, Args: []string{"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
			"--disable-background-networking", "--disable-component-update", "--disable-sync", "--remote-debugging-port=0", "--user-data-dir=" + profile, "http://" + listener.Addr().String()}})
		ended <- err
	}()
	select {
	case <-shown:
		cancel()
		<-ended
		return true, nil
	case err := <-ended:
		if ctx.Err() != nil {
			return false, nil
		}
		return false, err
	}
}
