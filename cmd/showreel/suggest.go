package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/spf13/cobra"
)

// suggestCmd prints what an asset could be called.
func (c *cli) suggestCmd() *cobra.Command {
	return c.onAsset("suggest ASSET", "Suggest titles and descriptions from what was found in an asset, with their sources", func(cmd *cobra.Command, cl *client, id string) error {
		var raw json.RawMessage
		if err := cl.call(cmd.Context(), http.MethodGet, "/v1/assets/"+url.PathEscape(id)+"/suggestions", nil, &raw); err != nil {
			return err
		}
		if c.json {
			return c.line(raw)
		}
		type suggestion struct {
			Text, How string
			Score     float64
			Sources   []struct{ StartMS int64 }
		}
		var out struct{ Titles, Descriptions []suggestion }
		if err := json.Unmarshal(raw, &out); err != nil {
			return err
		}
		return c.table("FOR\tSCORE\tFROM\tAT\tTEXT", func(w io.Writer) {
			for n, list := range [][]suggestion{out.Titles, out.Descriptions} {
				what := []string{"title", "description"}[n]
				for _, s := range list {
					at := "-"
					if len(s.Sources) > 0 {
						at = fmt.Sprintf("%.1f s", float64(s.Sources[0].StartMS)/1000)
					}
					fmt.Fprintf(w, "%s\t%.2f\t%s\t%s\t%s\n", what, s.Score, s.How, at, printable(s.Text))
				}
			}
		})
	})
}
