package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/spf13/cobra"
)

// redactionRow is what the command line uses of a redaction.
type redactionRow struct {
	ID      string `json:"id"`
	State   string `json:"state"`
	Problem string `json:"problem"`
	Report  struct {
		Marks []hiddenRow `json:"marks"`
		Left  []hiddenRow `json:"left"`
	} `json:"report"`
}

type hiddenRow struct {
	In      string `json:"in"`
	Kind    string `json:"kind"`
	StartMS int64  `json:"startMs"`
	EndMS   int64  `json:"endMs"`
	Text    string `json:"text"`
}

type redactOptions struct {
	what, people, words []string
	sound, cover        string
	wait                bool
	approve, reject     string
	name                string
	anyway              bool
}

func (c *cli) redactCmd() *cobra.Command {
	var o redactOptions
	cmd := c.onAsset("redact ASSET", "Hide parts of an asset in a rendition of its own", func(cmd *cobra.Command, cl *client, id string) error {
		return c.redact(cmd.Context(), cl, id, o)
	})
	cmd.Long = "Makes a rendition in which sound is bleeped and the picture blurred. It is a draft: watch it, then sign it with --approve ID --name NAME."
	cmd.Example = "  showreel redact 0190f7d2-… --what faces,pii --wait\n  showreel redact 0190f7d2-… --approve 0190f7d9-… --name 'Ada Lovelace'"
	f := cmd.Flags()
	f.StringSliceVar(&o.what, "what", nil, "faces, people, pii, text, words")
	f.StringSliceVar(&o.people, "people", nil, "ids, with --what people")
	f.StringSliceVar(&o.words, "words", nil, "with --what words")
	f.StringVar(&o.sound, "sound", "bleep", "bleep or mute")
	f.StringVar(&o.cover, "cover", "blur", "blur or fill")
	f.BoolVar(&o.wait, "wait", false, "wait until the draft is made")
	f.StringVar(&o.approve, "approve", "", "sign the draft of this id")
	f.StringVar(&o.reject, "reject", "", "refuse the draft of this id")
	f.StringVar(&o.name, "name", "", "your name, to sign with")
	f.BoolVar(&o.anyway, "anyway", false, "sign although the detectors still find something")
	return cmd
}

func (c *cli) redact(ctx context.Context, cl *client, asset string, o redactOptions) error {
	base := "/v1/assets/" + url.PathEscape(asset) + "/redactions"
	var raw json.RawMessage
	var err error
	switch {
	case o.approve != "":
		err = cl.call(ctx, http.MethodPost, base+"/"+url.PathEscape(o.approve)+"/approve", map[string]any{"name": o.name, "anyway": o.anyway}, &raw)
	case o.reject != "":
		err = cl.call(ctx, http.MethodPost, base+"/"+url.PathEscape(o.reject)+"/reject", map[string]any{"name": o.name}, &raw)
	default:
		body := map[string]any{"what": append([]string{}, o.what...), "sound": o.sound, "cover": o.cover}
		if len(o.people) > 0 {
			body["people"] = o.people
		}
		if len(o.words) > 0 {
			body["words"] = o.words
		}
		err = cl.call(ctx, http.MethodPost, base, body, &raw)
	}
	if err != nil {
		return err
	}
	var r redactionRow
	for pause := 200 * time.Millisecond; ; pause = min(2*pause, 3*time.Second) {
		r = redactionRow{}
		if err := json.Unmarshal(raw, &r); err != nil {
			return err
		}
		if !o.wait || r.State != "making" {
			break
		}
		if err := wait(ctx, pause); err != nil {
			return err
		}
		if err := cl.call(ctx, http.MethodGet, base+"/"+url.PathEscape(r.ID), nil, &raw); err != nil {
			return err
		}
	}
	if err := c.printRedaction(r, raw); err != nil {
		return err
	}
	if r.State == "failed" {
		return &exitError{exitPartly, r.Problem}
	}
	return nil
}

func (c *cli) printRedaction(r redactionRow, raw json.RawMessage) error {
	if c.json {
		return c.line(raw)
	}
	if _, err := fmt.Fprintln(c.out, "redaction", r.ID, r.State); err != nil {
		return err
	}
	return c.table("\tIN\tKIND\tFROM\tTO\tWHAT", func(w io.Writer) {
		for _, m := range r.Report.Marks {
			fmt.Fprintf(w, "hidden\t%s\t%s\t%.1f s\t%.1f s\t%s\n", m.In, m.Kind, float64(m.StartMS)/1000, float64(m.EndMS)/1000, printable(m.Text))
		}
		for _, m := range r.Report.Left {
			fmt.Fprintf(w, "still found\t%s\t%s\t%.1f s\t\t%s\n", m.In, m.Kind, float64(m.StartMS)/1000, printable(m.Text))
		}
	})
}
