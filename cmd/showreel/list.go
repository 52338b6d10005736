package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"

	"github.com/spf13/cobra"
)

// assetRow is what the list prints of an asset.
type assetRow struct {
	ID         string `json:"id"`
	Kind       string `json:"kind"`
	State      string `json:"state"`
	Title      string `json:"title"`
	Name       string `json:"name"`
	DurationMS int64  `json:"durationMs"`
	Bytes      int64  `json:"bytes"`
	CreatedMS  int64  `json:"createdMs"`
}

func (a assetRow) label() string {
	if a.Title != "" {
		return a.Title
	}
	return a.Name
}

func (c *cli) listCmd() *cobra.Command {
	var kind, state, tag, collection, sort string
	var trash bool
	var limit int
	cmd := &cobra.Command{
		Use:   "list [WORDS]",
		Short: "List the library, newest first",
		Example: "  showreel list --kind video bunny\n" +
			"  showreel list --json --data ./data",
		RunE: func(cmd *cobra.Command, args []string) error {
			cl, release, err := c.connect(cmd.Context())
			if err != nil {
				return err
			}
			defer release()
			q := url.Values{"limit": {"200"}}
			for k, v := range map[string]string{"kind": kind, "state": state, "tags": tag, "collection": collection, "sort": sort, "text": joined(args)} {
				if v != "" {
					q.Set(k, v)
				}
			}
			if trash {
				q.Set("trash", "true")
			}
			return c.printAssets(cmd, cl, q, limit)
		},
	}
	f := cmd.Flags()
	f.StringVar(&kind, "kind", "", "video, audio, image or text")
	f.StringVar(&state, "state", "", "received, processing, ready, failed or held")
	f.StringVar(&tag, "tag", "", "only with this tag")
	f.StringVar(&collection, "collection", "", "only in this collection")
	f.StringVar(&sort, "sort", "", "created, updated, title, duration or bytes; a leading - turns it round")
	f.BoolVar(&trash, "in-trash", false, "what lies in the trash")
	f.IntVar(&limit, "limit", 0, "stop after so many (0: all)")
	return cmd
}

func (c *cli) printAssets(cmd *cobra.Command, cl *client, q url.Values, limit int) error {
	n := 0
	var rows []assetRow
	err := cl.each(cmd.Context(), "/v1/assets", q, func(raw json.RawMessage) error {
		if n++; limit > 0 && n > limit {
			return errEnough
		}
		if c.json {
			return c.line(raw)
		}
		var a assetRow
		if err := json.Unmarshal(raw, &a); err != nil {
			return err
		}
		rows = append(rows, a)
		return nil
	})
	if err != nil && err != errEnough {
		return err
	}
	if c.json {
		return nil
	}
	if len(rows) == 0 {
		_, err := fmt.Fprintln(c.err, "Nothing found.")
		return err
	}
	return c.table("ID\tKIND\tSTATE\tLENGTH\tSIZE\tADDED\tTITLE", func(w io.Writer) {
		for _, a := range rows {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", a.ID, a.Kind, a.State, length(a.DurationMS), size(a.Bytes), day(a.CreatedMS), printable(a.label()))
		}
	})
}
