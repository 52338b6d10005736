package main

import (
	"os"

	"github.com/spf13/cobra"

	"showreel/house"
)

func (c *cli) openAPICmd() *cobra.Command {
	return &cobra.Command{
		Use: "openapi", Short: "Print the API's OpenAPI 3.1 document", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			dir, err := os.MkdirTemp("", "showreel-openapi-")
			if err != nil {
				return err
			}
			defer os.RemoveAll(dir)
			c.data = dir
			cfg, err := c.loadConfig(nil)
			if err != nil {
				return err
			}
			h, err := house.Open(cmd.Context(), cfg, house.Options{Version: version, Quiet: true})
			if err != nil {
				return err
			}
			_, err = c.out.Write(h.OpenAPI())
			if closeErr := h.Close(); err == nil {
				err = closeErr
			}
			return err
		},
	}
}
