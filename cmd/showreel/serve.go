package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"showreel/house"
)

func (c *cli) serveCmd() *cobra.Command {
	var listen, target, samples string
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the server",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			cfg, err := c.loadConfig(map[string]string{"listen": listen, "target": target, "samples": samples})
			if err != nil {
				return err
			}
			h, err := house.Open(ctx, cfg, house.Options{Version: version, Serve: true, Announce: func(url, setup string) {
				fmt.Fprintf(c.out, "Showreel %s is at %s\n", version, url)
				if setup != "" {
					fmt.Fprintf(c.out, "Create the first administrator here (the link works once):\n  %s\n", setup)
				}
			}})
			if err != nil {
				return err
			}
			if err := h.Run(ctx); err != nil && ctx.Err() == nil {
				_ = h.Close()
				return err
			}
			return h.Close()
		},
	}
	cmd.Flags().StringVar(&listen, "listen", "", "address to listen on (default from the configuration, 127.0.0.1:8080)")
	cmd.Flags().StringVar(&target, "target", "", "all, api, worker or edge")
	cmd.Flags().StringVar(&samples, "samples", "", "folder with the sample library, added once on first start")
	return cmd
}
