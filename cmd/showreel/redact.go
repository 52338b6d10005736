package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// redactionRow is what the command line uses of a redaction.
type redactionRow struct {
	ID        string `json:"id"`
	State     string `json:"state"`
	Problem   string `json:"problem"`
	Published string `json:"published"`
	Report    struct {
		Marks []hiddenRow `json:"marks"`
		Left  []hiddenRow `json:"left"`
		Rates []rateRow   `json:"rates"`
	} `json:"report"`
}

type hiddenRow struct {
	In      string `json:"in"`
	Kind    string `json:"kind"`
	StartMS int64  `json:"startMs"`
	EndMS   int64  `json:"endMs"`
	Text    string `json:"text"`
}

// rateRow is how often a detector missed what was planted.
type rateRow struct {
	Kind      string `json:"kind"`
	Missed    int    `json:"missed"`
	Partly    int    `json:"partly"`
	Of        int    `json:"of"`
	Hard      bool   `json:"hard"`
	Synthetic bool   `json:"synthetic"`
	On        string `json:"on"`
}

type redactOptions struct {
	what, people, kinds, words []string
	sound, cover               string
	wait                       bool
	approve, reject            string
	name                       string
	anyway                     bool
}

func (c *cli) redactCmd() *cobra.Command {
	var o redactOptions
	cmd := c.onAsset("redact ASSET", "Hide parts of an asset in a rendition of its own", func(cmd *cobra.Command, cl *client, id string) error {
		return c.redact(cmd.Context(), cl, id, o)
	})
	cmd.Long = "Makes a rendition in which sound is bleeped and the picture blurred. It is a draft: watch it, then sign it with --approve ID --name NAME."
	cmd.Example = "  showreel redact 0190f7d2-… --what faces,pii --wait\n  showreel redact 0190f7d2-… --what 'person:Ada Lovelace' --cover pixelate\n  showreel redact 0190f7d2-… --approve 0190f7d9-… --name 'Ada Lovelace'"
	f := cmd.Flags()
	f.StringSliceVar(&o.what, "what", nil, "faces, people (from head to foot), person:NAME, pii, text, words, withheld (who withdrew)")
	f.StringSliceVar(&o.people, "people", nil, "ids or names whose faces are hidden, like --what person:NAME")
	f.StringSliceVar(&o.kinds, "kinds", nil, "with --what pii: card, email, phone, iban, national-id, plate, name; all where left out")
	f.StringSliceVar(&o.words, "words", nil, "with --what words")
	f.StringVar(&o.sound, "sound", "bleep", "bleep or mute")
	f.StringVar(&o.cover, "cover", "blur", "blur, fill or pixelate")
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
		body := o.ask()
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

// ask is the request; "person:NAME" names somebody.
func (o redactOptions) ask() map[string]any {
	what, people := []string{}, slices.Clone(o.people)
	for _, w := range o.what {
		name, named := strings.CutPrefix(w, "person:")
		if named {
			people = append(people, name)
			continue
		}
		what = append(what, w)
	}
	if len(people) > 0 && !slices.Contains(what, "person") {
		what = append(what, "person")
	}
	body := map[string]any{"what": what, "sound": o.sound, "cover": o.cover}
	for name, list := range map[string][]string{"people": people, "kinds": o.kinds, "words": o.words} {
		if len(list) > 0 {
			body[name] = list
		}
	}
	return body
}

// printRates says how far the detectors can be trusted.
func (c *cli) printRates(rates []rateRow) error {
	for _, r := range rates {
		if r.Of == 0 {
			continue
		}
		hard, where := "", ""
		if r.Hard {
			hard = "hard "
		}
		if r.Synthetic {
			where = " in synthetic films"
		}
		if _, err := fmt.Fprintf(c.out, "missed when measured %s%s: %d of %d %scases of %s, %d more for a part of the time\n", r.On, where, r.Missed, r.Of, hard, r.Kind, r.Partly); err != nil {
			return err
		}
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
	if r.Published != "" {
		if _, err := fmt.Fprintln(c.out, "played by asset", r.Published); err != nil {
			return err
		}
	}
	if err := c.printRates(r.Report.Rates); err != nil {
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
