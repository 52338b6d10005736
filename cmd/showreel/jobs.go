package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/spf13/cobra"
)

// jobRow is what the command line uses of a job.
type jobRow struct {
	ID         string   `json:"id"`
	Asset      string   `json:"asset"`
	Name       string   `json:"name"`
	Template   string   `json:"template"`
	State      string   `json:"state"`
	Stage      string   `json:"stage"`
	Progress   float64  `json:"progress"`
	WaitsFor   string   `json:"waitsFor"`
	EstimateMS int64    `json:"estimateMs"`
	CreatedMS  int64    `json:"createdMs"`
	StartedMS  int64    `json:"startedMs"`
	PlayableMS int64    `json:"playableMs"`
	EndedMS    int64    `json:"endedMs"`
	Error      *jobFail `json:"error"`
}

type jobFail struct {
	Code string `json:"code"`
	Text string `json:"text"`
}

func (j jobRow) over() bool {
	return j.State == "done" || j.State == "failed" || j.State == "cancelled" || j.State == "held"
}

func (c *cli) jobsCmd() *cobra.Command {
	var state string
	cmd := &cobra.Command{
		Use:   "jobs [pause|resume|cancel|retry|release JOB]",
		Short: "List jobs, or steer one",
		Args:  cobra.RangeArgs(0, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			cl, release, err := c.connect(cmd.Context())
			if err != nil {
				return err
			}
			defer release()
			switch len(args) {
			case 0:
				return c.printJobs(cmd, cl, state)
			case 1:
				var raw json.RawMessage
				if err := cl.call(cmd.Context(), http.MethodGet, "/v1/jobs/"+args[0], nil, &raw); err != nil {
					return err
				}
				return c.line(raw)
			}
			switch args[0] {
			case "pause", "resume", "cancel", "retry", "release":
				return cl.call(cmd.Context(), http.MethodPost, "/v1/jobs/"+args[1]+"/"+args[0], nil, nil)
			}
			return &exitError{exitUsage, "a job can be told to pause, resume, cancel, retry or release"}
		},
	}
	cmd.Flags().StringVar(&state, "state", "", "only jobs in this state")
	return cmd
}

func (c *cli) printJobs(cmd *cobra.Command, cl *client, state string) error {
	q := url.Values{"limit": {"100"}}
	if state != "" {
		q.Set("state", state)
	}
	var rows []jobRow
	err := cl.each(cmd.Context(), "/v1/jobs", q, func(raw json.RawMessage) error {
		if c.json {
			return c.line(raw)
		}
		var j jobRow
		if err := json.Unmarshal(raw, &j); err != nil {
			return err
		}
		rows = append(rows, j)
		return nil
	})
	if err != nil || c.json {
		return err
	}
	return c.table("ID\tSTATE\tSTAGE\tDONE\tLEFT\tNAME\tWHY", func(w io.Writer) {
		for _, j := range rows {
			why := j.WaitsFor
			if j.Error != nil {
				why = j.Error.Text
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%.0f %%\t%s\t%s\t%s\n", j.ID, j.State, j.Stage, 100*j.Progress, length(j.EstimateMS), printable(j.Name), printable(why))
		}
	})
}
