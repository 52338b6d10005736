package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"showreel/fault"
)

// timingRow is what the command line uses of how captions lie to the sound.
type timingRow struct {
	Verdict string `json:"verdict"`
	Text    string `json:"text"`
}

func (c *cli) captionsCmd() *cobra.Command {
	cmd := &cobra.Command{Use: "captions", Short: "Captions: add them, compare them with what is heard, align them",
		Example: "  showreel captions add 0190f7d2-… film.de.srt --lang de\n" +
			"  showreel captions align 0190f7d2-… de\n" +
			"  showreel captions auto off"}
	cmd.AddCommand(c.captionsAddCmd(), c.captionsTimingCmd("timing", "Tell whether captions come late, early or drift", http.MethodGet),
		c.captionsTimingCmd("align", "Move captions to where their words are heard; the text stays", http.MethodPost), c.captionsAutoCmd())
	return cmd
}

func (c *cli) captionsAddCmd() *cobra.Command {
	var lang string
	cmd := &cobra.Command{Use: "add ASSET FILE", Short: "Add the captions of a language (SRT, WebVTT, ASS, TTML), or replace them", Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.connected(cmd, func(ctx context.Context, cl *client) error {
				body, err := os.ReadFile(args[1])
				if err != nil {
					return &exitError{exitUsage, err.Error()}
				}
				at := captionsPath(args[0], lang)
				if err := cl.put(ctx, at+"?name="+url.QueryEscape(filepath.Base(args[1])), body); err != nil {
					return err
				}
				var t timingRow
				if err := cl.call(ctx, http.MethodGet, at+"/timing", nil, &t); err != nil {
					if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Unavailable) {
						return nil // there is no transcript to compare with
					}
					return err
				}
				_, err = fmt.Fprintln(c.out, printable(t.Text))
				return err
			})
		}}
	cmd.Flags().StringVar(&lang, "lang", "en", "language of the captions, BCP 47")
	return cmd
}

func (c *cli) captionsTimingCmd(use, short, method string) *cobra.Command {
	return &cobra.Command{Use: use + " ASSET LANG", Short: short, Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.connected(cmd, func(ctx context.Context, cl *client) error {
				var raw json.RawMessage
				path := captionsPath(args[0], args[1])
				if path += "/timing"; method == http.MethodPost {
					path = captionsPath(args[0], args[1]) + "/align"
				}
				if err := cl.call(ctx, method, path, nil, &raw); err != nil {
					return err
				}
				if c.json {
					return c.line(raw)
				}
				var t timingRow
				if err := json.Unmarshal(raw, &t); err != nil {
					return err
				}
				if method == http.MethodPost {
					t.Text = "The captions lie where their words are heard."
				}
				_, err := fmt.Fprintln(c.out, printable(t.Text))
				return err
			})
		}}
}

func (c *cli) captionsAutoCmd() *cobra.Command {
	var collection string
	cmd := &cobra.Command{Use: "auto [on|off|default]", Short: "Show, or change, whether transcripts are offered as automatic captions", Args: cobra.MaximumNArgs(1),
		ValidArgs: []string{"on", "off", "default"},
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				automatic := args[0]
				if automatic == "default" {
					automatic = ""
				}
				err := c.connected(cmd, func(ctx context.Context, cl *client) error {
					return cl.call(ctx, http.MethodPut, "/v1/settings/captions", map[string]any{"collection": collection, "automatic": automatic}, nil)
				})
				if err != nil {
					return err
				}
			}
			return c.listRows(cmd, "/v1/settings/captions", "COLLECTION\tAUTOMATIC", func(w io.Writer, raw json.RawMessage) error {
				var r struct {
					Collection string `json:"collection"`
					Automatic  string `json:"automatic"`
				}
				err := json.Unmarshal(raw, &r)
				if r.Collection == "" {
					r.Collection = "(all others)"
				}
				fmt.Fprintf(w, "%s\t%s\n", printable(r.Collection), r.Automatic)
				return err
			})
		}}
	cmd.Flags().StringVar(&collection, "collection", "", "id of a collection (default: everything else)")
	return cmd
}

func captionsPath(asset, lang string) string {
	return "/v1/assets/" + url.PathEscape(asset) + "/captions/" + url.PathEscape(lang)
}

// connected runs a command with a connection.
func (c *cli) connected(cmd *cobra.Command, run func(ctx context.Context, cl *client) error) error {
	cl, release, err := c.connect(cmd.Context())
	if err != nil {
		return err
	}
	defer release()
	return run(cmd.Context(), cl)
}

// put sends a file as it is.
func (c *client) put(ctx context.Context, path string, body []byte) error {
	req, err := c.request(ctx, http.MethodPut, path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/octet-stream")
	res, err := c.send(req)
	if err != nil {
		return err
	}
	return res.Body.Close()
}
