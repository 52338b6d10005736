package main

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/spf13/cobra"

	"showreel/house"
)

func (c *cli) verifyCmd() *cobra.Command {
	return &cobra.Command{
		Use:       "verify audit|blobs",
		Short:     "Prove that the audit log is whole, or that every stored file still has its checksum",
		Args:      cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs),
		ValidArgs: []string{"audit", "blobs"},
		RunE: func(cmd *cobra.Command, args []string) error {
			cl, release, err := c.connect(cmd.Context())
			if err != nil {
				return err
			}
			defer release()
			var raw json.RawMessage
			if err := cl.call(cmd.Context(), http.MethodPost, "/v1/verify/"+args[0], nil, &raw); err != nil {
				return err
			}
			var proof house.Proof
			if err := json.Unmarshal(raw, &proof); err != nil {
				return err
			}
			if c.json {
				if err := c.line(raw); err != nil {
					return err
				}
			} else {
				fmt.Fprintf(c.out, "%d checked, %d damaged\n", proof.Checked, len(proof.Damaged))
				for _, d := range proof.Damaged {
					fmt.Fprintf(c.out, "%s: %s\n", d.What, d.Why)
				}
			}
			if len(proof.Damaged) > 0 {
				return &exitError{exitCorrupt, args[0] + " is damaged"}
			}
			return nil
		},
	}
}
