package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/spf13/cobra"
)

// resultRow is what the command line uses of a model's results.
type resultRow struct {
	Ability string `json:"ability"`
	Model   string `json:"model"`
	Current bool   `json:"current"`
	State   string `json:"state"`
	Text    string `json:"text"`
	Found   int    `json:"found"`
	CPUMS   int64  `json:"cpuMs"`
	WallMS  int64  `json:"wallMs"`
}

const resultHead = "ABILITY\tMODEL\tIN USE\tSTATE\tFOUND\tCPU\tWALL"

func (r resultRow) write(w io.Writer) {
	state := r.State
	if r.Text != "" {
		state += ": " + printable(r.Text)
	}
	fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\t%.1f s\t%.1f s\n", r.Ability, printable(r.Model), yesNo(r.Current), state, r.Found, float64(r.CPUMS)/1000, float64(r.WallMS)/1000)
}

func analysisPath(asset, rest string) string {
	return "/v1/assets/" + url.PathEscape(asset) + "/analysis/" + rest
}

func (c *cli) modelsResultsCmd() *cobra.Command {
	var forget bool
	cmd := &cobra.Command{
		Use: "results ASSET [ABILITY MODEL]", Short: "List which models have results for an asset; --forget removes those of one", Args: cobra.RangeArgs(1, 3),
		RunE: func(cmd *cobra.Command, args []string) error {
			if forget {
				if len(args) != 3 {
					return &exitError{exitUsage, "--forget needs ASSET ABILITY MODEL"}
				}
				q := url.Values{"ability": {args[1]}, "model": {args[2]}}
				return callAndPrint(c, cmd, http.MethodDelete, analysisPath(args[0], "models?"+q.Encode()), nil, func(struct{}) string { return "forgotten" })
			}
			return c.listRows(cmd, analysisPath(args[0], "models"), resultHead, func(w io.Writer, raw json.RawMessage) error {
				var r resultRow
				err := json.Unmarshal(raw, &r)
				if len(args) < 2 || args[1] == r.Ability {
					r.write(w)
				}
				return err
			})
		},
	}
	cmd.Flags().BoolVar(&forget, "forget", false, "remove a model's results that are kept beside")
	return cmd
}

func (c *cli) modelsPromoteCmd() *cobra.Command {
	return &cobra.Command{
		Use: "promote ASSET ABILITY MODEL", Short: "Show another model's results; those that showed are kept beside, what people decided stands", Args: cobra.ExactArgs(3),
		Example: "  showreel models promote 0190f7d2-… speech whisper-tiny-en\n  showreel models promote 0190f7d2-… speech whisper-base",
		RunE: func(cmd *cobra.Command, args []string) error {
			return callAndPrint(c, cmd, http.MethodPut, analysisPath(args[0], "models"), map[string]string{"ability": args[1], "model": args[2]}, func(list struct{ Items []resultRow }) string {
				for _, r := range list.Items {
					if r.Ability == args[1] && r.Current {
						return fmt.Sprintf("%s shows %d results of %s", r.Ability, r.Found, printable(r.Model))
					}
				}
				return "done"
			})
		},
	}
}

func (c *cli) modelsCompareCmd() *cobra.Command {
	var with string
	cmd := &cobra.Command{
		Use: "compare ASSET ABILITY MODEL", Short: "Tell what differs between the results in use and another model's", Args: cobra.ExactArgs(3),
		RunE: func(cmd *cobra.Command, args []string) error {
			cl, release, err := c.connect(cmd.Context())
			if err != nil {
				return err
			}
			defer release()
			q := url.Values{"ability": {args[1]}, "model": {args[2]}}
			if with != "" {
				q.Set("with", with)
			}
			var raw json.RawMessage
			if err := cl.call(cmd.Context(), http.MethodGet, analysisPath(args[0], "compare?"+q.Encode()), nil, &raw); err != nil {
				return err
			}
			if c.json {
				return c.line(raw)
			}
			return c.printComparison(raw)
		},
	}
	cmd.Flags().StringVar(&with, "with", "", "another model in the place of the one in use")
	return cmd
}

func (c *cli) printComparison(raw json.RawMessage) error {
	var x struct {
		A, B           resultRow
		Unit           string
		CountA, CountB int
		Same, More     int
		Alike          float64
		Differences    []struct {
			StartMS, EndMS int64
			A, B           string
		}
	}
	if err := json.Unmarshal(raw, &x); err != nil {
		return err
	}
	fmt.Fprintf(c.out, "%s: %d %s, %.1f s of processor\n%s: %d %s, %.1f s of processor\nthe same: %d (%.1f %%)\n", printable(x.A.Model), x.CountA, x.Unit, float64(x.A.CPUMS)/1000,
		printable(x.B.Model), x.CountB, x.Unit, float64(x.B.CPUMS)/1000, x.Same, 100*x.Alike)
	if len(x.Differences) == 0 {
		return nil
	}
	err := c.table("AT\t"+printable(x.A.Model)+"\t"+printable(x.B.Model), func(w io.Writer) {
		for _, d := range x.Differences {
			fmt.Fprintf(w, "%.1f s\t%s\t%s\n", float64(d.StartMS)/1000, orDash(d.A), orDash(d.B))
		}
	})
	if x.More > 0 {
		fmt.Fprintf(c.out, "and %d more\n", x.More)
	}
	return err
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return printable(s)
}
