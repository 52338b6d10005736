package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"showreel/fault"
)

// added is what `add --json` prints per asset: one object a line.
type added struct {
	Asset         string            `json:"asset,omitempty"`
	Job           string            `json:"job,omitempty"`
	Source        string            `json:"source"`
	Kind          string            `json:"kind,omitempty"`
	State         string            `json:"state"`
	PlayableAfter float64           `json:"playable_after_s"` // seconds from the end of the upload
	ReadyAfter    float64           `json:"ready_after_s"`
	Renditions    []json.RawMessage `json:"renditions"`
	Findings      []json.RawMessage `json:"findings"`
	Error         *jobFail          `json:"error,omitempty"`
}

type addOptions struct {
	template, collection string
	wait                 bool
}

func (c *cli) addCmd() *cobra.Command {
	var o addOptions
	cmd := &cobra.Command{
		Use:   "add FILE|FOLDER|URL…",
		Short: "Take files, folders or addresses into the library",
		Example: "  showreel add film.mp4 --wait\n" +
			"  showreel add --data ./data --template mobile clips/ --wait --json",
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cl, release, err := c.connect(cmd.Context())
			if err != nil {
				return err
			}
			defer release()
			return c.addAll(cmd.Context(), cl, args, o)
		},
	}
	cmd.Flags().StringVar(&o.template, "template", "", "job template: web, mobile, ott, social-9x16, social-1x1, audio-podcast or your own")
	cmd.Flags().StringVar(&o.collection, "collection", "", "put what comes in into this collection (its id)")
	cmd.Flags().BoolVar(&o.wait, "wait", false, "wait until everything is ready or has failed")
	return cmd
}

// source is one thing to add: a file with the path to keep, or a URL.
type source struct{ path, relative, url string }

func sources(args []string) ([]source, error) {
	var out []source
	for _, arg := range args {
		if strings.HasPrefix(arg, "http://") || strings.HasPrefix(arg, "https://") {
			out = append(out, source{url: arg})
			continue
		}
		info, err := os.Stat(arg)
		if err != nil {
			return nil, fault.Say("add", arg, fault.Invalid, "cannot-read", "%s cannot be read: %v", arg, err)
		}
		if !info.IsDir() {
			out = append(out, source{path: arg})
			continue
		}
		err = filepath.WalkDir(arg, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() || strings.HasPrefix(d.Name(), ".") {
				return err
			}
			rel, err := filepath.Rel(filepath.Dir(filepath.Clean(arg)), path)
			out = append(out, source{path: path, relative: filepath.ToSlash(rel)})
			return err
		})
		if err != nil {
			return nil, fault.E("add", arg, fault.Invalid, err)
		}
	}
	if len(out) == 0 {
		return nil, fault.Say("add", joined(args), fault.Invalid, "nothing-to-add", "There is no file in %s.", joined(args))
	}
	return out, nil
}

func (c *cli) addAll(ctx context.Context, cl *client, args []string, o addOptions) error {
	list, err := sources(args)
	if err != nil {
		return err
	}
	bars := c.newBars()
	results := make([]added, 0, len(list))
	for _, s := range list {
		r := c.addOne(ctx, cl, s, o, bars)
		if ctx.Err() != nil {
			bars.stop()
			return fault.E("add", "", fault.Canceled, ctx.Err())
		}
		results = append(results, r)
	}
	failed := 0
	for i := range results {
		r := &results[i]
		if o.wait && r.Error == nil {
			if err := c.await(ctx, cl, r, bars); err != nil {
				bars.stop()
				return err
			}
		}
		if r.Error != nil {
			failed++
		}
	}
	bars.stop()
	for _, r := range results {
		if err := c.printAdded(r); err != nil {
			return err
		}
	}
	switch {
	case failed == 0:
		return nil
	case failed == len(results) && len(results) == 1:
		return &exitError{code: exitUsage}
	}
	return &exitError{exitPartly, fmt.Sprintf("%d of %d failed", failed, len(results))}
}

func (c *cli) addOne(ctx context.Context, cl *client, s source, o addOptions, bars *bars) added {
	r := added{Source: s.path, State: "failed", Renditions: []json.RawMessage{}, Findings: []json.RawMessage{}}
	var done uploaded
	var err error
	if s.url != "" {
		r.Source = s.url
		done, err = c.pull(ctx, cl, s.url, o)
	} else {
		bar := bars.upload(s.path)
		done, err = cl.upload(ctx, s.path, map[string]string{"filename": filepath.Base(s.path), "relativePath": s.relative,
			"template": o.template, "collection": o.collection}, bar)
	}
	if err != nil {
		r.Error = &jobFail{Code: fault.CodeOf(err), Text: message(err)}
		return r
	}
	r.Asset, r.Job, r.State = done.Asset, done.Job, "received"
	return r
}

func (c *cli) pull(ctx context.Context, cl *client, url string, o addOptions) (uploaded, error) {
	var job jobRow
	err := cl.call(ctx, http.MethodPost, "/v1/pulls", map[string]string{"url": url, "template": o.template, "collection": o.collection}, &job)
	return uploaded{Asset: job.Asset, Job: job.ID}, err
}

// await follows the job to its end and fills in what became of the asset.
func (c *cli) await(ctx context.Context, cl *client, r *added, bars *bars) error {
	bar := bars.job(r.Source)
	var j jobRow
	for pause := 20 * time.Millisecond; r.Job != ""; pause = min(pause*3/2, 500*time.Millisecond) {
		if err := cl.call(ctx, http.MethodGet, "/v1/jobs/"+r.Job, nil, &j); err != nil {
			return err
		}
		bar(j)
		if j.over() {
			break
		}
		if err := wait(ctx, pause); err != nil {
			return err
		}
	}
	if j.Asset != "" {
		r.Asset = j.Asset
	}
	r.Error = j.Error
	if since := j.CreatedMS; since > 0 {
		r.PlayableAfter, r.ReadyAfter = seconds(since, j.PlayableMS), seconds(since, j.EndedMS)
	}
	if r.Asset == "" {
		r.State = j.State
		return nil
	}
	return c.describe(ctx, cl, r, j)
}

func (c *cli) describe(ctx context.Context, cl *client, r *added, j jobRow) error {
	var a assetRow
	if err := cl.call(ctx, http.MethodGet, "/v1/assets/"+r.Asset, nil, &a); err != nil {
		return err
	}
	r.Kind, r.State = a.Kind, a.State
	if j.State == "failed" || j.State == "cancelled" {
		r.State = j.State
	}
	for path, into := range map[string]*[]json.RawMessage{"/renditions": &r.Renditions, "/findings": &r.Findings} {
		var list struct {
			Items []json.RawMessage `json:"items"`
		}
		if err := cl.call(ctx, http.MethodGet, "/v1/assets/"+r.Asset+path, nil, &list); err != nil {
			return err
		}
		if list.Items != nil {
			*into = list.Items
		}
	}
	return nil
}

func seconds(from, to int64) float64 {
	if to <= from {
		return 0
	}
	return float64(to-from) / 1000
}

func (c *cli) printAdded(r added) error {
	if c.json {
		return c.line(r)
	}
	if r.Error != nil {
		_, err := fmt.Fprintf(c.out, "%s: %s (%s)\n", printable(r.Source), r.Error.Text, r.Error.Code)
		return err
	}
	when := ""
	if r.ReadyAfter > 0 {
		when = fmt.Sprintf(", ready after %.1f s, %d renditions, %d findings", r.ReadyAfter, len(r.Renditions), len(r.Findings))
	}
	_, err := fmt.Fprintf(c.out, "%s: %s %s%s\n", printable(r.Source), r.State, r.Asset, when)
	return err
}
