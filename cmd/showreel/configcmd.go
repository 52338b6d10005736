package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"showreel/platform/config"
)

func (c *cli) configCmd() *cobra.Command {
	cmd := &cobra.Command{Use: "config", Short: "Explain the configuration, or print the commented manual"}
	cmd.AddCommand(&cobra.Command{
		Use: "explain", Short: "Print every setting, its value and where it comes from; secrets are hidden", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			cfg, err := c.loadConfig(nil)
			if err != nil {
				return err
			}
			if c.json {
				for _, l := range cfg.Explain() {
					if err := c.line(l); err != nil {
						return err
					}
				}
				return nil
			}
			return c.table("SETTING\tVALUE\tFROM", func(w io.Writer) {
				for _, l := range cfg.Explain() {
					fmt.Fprintf(w, "%s\t%s\t%s\n", l.Key, l.Value, l.Origin)
				}
			})
		},
	}, &cobra.Command{
		Use: "manual", Short: "Print a commented showreel.yaml with every setting and its default", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { _, err := fmt.Fprint(c.out, config.Manual()); return err },
	})
	return cmd
}
