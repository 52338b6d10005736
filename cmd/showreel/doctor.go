package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"github.com/spf13/cobra"

	"showreel/house"
)

func (c *cli) doctorCmd() *cobra.Command {
	var playback, quick bool
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Say in words what works, what is missing and what this machine can carry",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cl, release, err := c.connect(cmd.Context())
			if err != nil {
				return err
			}
			defer release()
			path := fmt.Sprintf("/v1/doctor?measure=%t&playback=%t", !quick, playback)
			var raw json.RawMessage
			if err := cl.call(cmd.Context(), http.MethodGet, path, nil, &raw); err != nil {
				return err
			}
			var report house.Report
			if err := json.Unmarshal(raw, &report); err != nil {
				return err
			}
			if c.json {
				err = c.line(raw)
			} else {
				err = c.printReport(report)
			}
			if err == nil && !report.Well {
				return &exitError{exitUnavailable, "something is missing; see above"}
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&playback, "playback", false, "also play a test film in a headless Chromium, where there is one")
	cmd.Flags().BoolVar(&quick, "quick", false, "do not measure the machine")
	return cmd
}

func (c *cli) printReport(r house.Report) error {
	err := c.table("STATE\tABILITY\tIN WORDS", func(w io.Writer) {
		for _, a := range r.Abilities {
			fmt.Fprintf(w, "%s\t%s\t%s\n", a.State, a.Name, a.Text)
		}
	})
	for _, line := range r.Machine.Sentences() {
		fmt.Fprintln(c.out, line)
	}
	return err
}
