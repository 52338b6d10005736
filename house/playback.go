package house

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
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
	profile, err := os.MkdirTemp(h.path("tmp"), "browser-")
	if err != nil {
		return "", fault.E("house.playback", "", fault.Unavailable, err)
	}
	defer os.RemoveAll(profile)
	var dom bytes.Buffer
	_, err = child.Run(ctx, child.Spec{Path: browser, Wall: 40 * time.Second, Stdout: &dom, Args: []string{"--headless", "--no-sandbox", "--disable-gpu",
		"--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
		"--autoplay-policy=no-user-gesture-required", "--user-data-dir=" + profile, "--timeout=20000", "--dump-dom",
		"http://" + h.server.Addr() + grant.Embed + "?autoplay=1"}})
	if err != nil {
		return "", err
	}
	if !strings.Contains(dom.String(), `data-playback="playing"`) {
		return "", fault.Say("house.playback", film.ID, fault.Unavailable, "no-first-frame", "Chromium did not show a frame of “%s” within 20 s.", film.Title)
	}
	return fmt.Sprintf("Chromium played “%s”", film.Title), nil
}
