package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"

	"github.com/spf13/cobra"

	"showreel/fault"
)

// onAsset makes a command that needs one asset's id and a connection.
func (c *cli) onAsset(use, short string, run func(cmd *cobra.Command, cl *client, id string) error) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cl, release, err := c.connect(cmd.Context())
			if err != nil {
				return err
			}
			defer release()
			return run(cmd, cl, args[0])
		},
	}
}

func (c *cli) showCmd() *cobra.Command {
	return c.onAsset("show ASSET", "Show one asset with its renditions and findings", func(cmd *cobra.Command, cl *client, id string) error {
		all := map[string]json.RawMessage{}
		for name, path := range map[string]string{"asset": "", "versions": "/versions", "renditions": "/renditions", "findings": "/findings"} {
			var raw json.RawMessage
			if err := cl.call(cmd.Context(), http.MethodGet, "/v1/assets/"+id+path, nil, &raw); err != nil {
				return err
			}
			all[name] = raw
		}
		if c.json {
			return c.line(all)
		}
		pretty, err := json.MarshalIndent(all, "", "  ")
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(c.out, "%s\n", pretty)
		return err
	})
}

func (c *cli) exportCmd() *cobra.Command {
	var to string
	cmd := c.onAsset("export ASSET", "Print everything known about an asset as JSON", func(cmd *cobra.Command, cl *client, id string) error {
		var raw json.RawMessage
		if err := cl.call(cmd.Context(), http.MethodGet, "/v1/assets/"+id+"/export", nil, &raw); err != nil {
			return err
		}
		if to == "" {
			_, err := fmt.Fprintf(c.out, "%s\n", raw)
			return err
		}
		if err := os.WriteFile(to, append(raw, '\n'), 0o600); err != nil {
			return fault.E("export", to, fault.Invalid, err)
		}
		return nil
	})
	cmd.Flags().StringVarP(&to, "output", "o", "", "write to this file")
	return cmd
}

// importCmd is the way back of export: annotations, corrections and decisions about people.
func (c *cli) importCmd() *cobra.Command {
	var corrections bool
	cmd := &cobra.Command{
		Use: "import ASSET FILE", Short: "Put an export's annotations, people's corrections and decisions about people onto an asset", Args: cobra.ExactArgs(2),
		Long: "Takes back what showreel export wrote, on this instance or another. What a person decided stays decided: the next analysis leaves it alone.",
		RunE: func(cmd *cobra.Command, args []string) error {
			raw, err := os.ReadFile(args[1])
			if err != nil {
				return fault.Say("import", args[1], fault.Invalid, "no-file", "%s cannot be read.", args[1])
			}
			var in map[string]json.RawMessage
			if err := json.Unmarshal(raw, &in); err != nil {
				return fault.Say("import", args[1], fault.Invalid, "no-export", "%s is not what showreel export writes.", args[1])
			}
			body := map[string]json.RawMessage{}
			for _, key := range []string{"annotations", "corrections", "rooms"} {
				if v, ok := in[key]; ok && (key != "annotations" || !corrections) {
					body[key] = v
				}
			}
			path := "/v1/assets/" + url.PathEscape(args[0]) + "/annotations/import"
			return callAndPrint(c, cmd, http.MethodPost, path, body, func(v struct{ Put, Decisions int }) string {
				return fmt.Sprintf("%d annotations and %d decisions about people put", v.Put, v.Decisions)
			})
		}}
	cmd.Flags().BoolVar(&corrections, "only-corrections", false, "leave out what machines found, which an analysis here finds again")
	return cmd
}

func (c *cli) trashCmd() *cobra.Command {
	var restore, purge bool
	cmd := c.onAsset("trash ASSET", "Put an asset into the trash, or take it out again", func(cmd *cobra.Command, cl *client, id string) error {
		method, path, done := http.MethodDelete, "/v1/assets/"+id, "in the trash"
		switch {
		case restore && purge:
			return &exitError{exitUsage, "--restore and --purge exclude each other"}
		case restore:
			method, path, done = http.MethodPost, path+"/restore", "restored"
		case purge:
			method, path, done = http.MethodPost, path+"/purge", "purged"
		}
		if err := cl.call(cmd.Context(), method, path, nil, nil); err != nil {
			return err
		}
		if c.json {
			return c.line(map[string]string{"asset": id, "done": done})
		}
		_, err := fmt.Fprintln(c.out, id, done)
		return err
	})
	cmd.Flags().BoolVar(&restore, "restore", false, "take it out of the trash")
	cmd.Flags().BoolVar(&purge, "purge", false, "delete it and its files for good")
	return cmd
}

func (c *cli) playCmd() *cobra.Command {
	var drm string
	cmd := c.onAsset("play ASSET", "Print addresses that play an asset, valid for a few hours", func(cmd *cobra.Command, cl *client, id string) error {
		var grant map[string]any
		if err := cl.call(cmd.Context(), http.MethodPost, "/v1/assets/"+id+"/play", map[string]any{"drm": drm}, &grant); err != nil {
			return err
		}
		if c.json {
			return c.line(grant)
		}
		for _, k := range []string{"hls", "dash", "embed", "poster"} {
			if path, ok := grant[k].(string); ok && path != "" {
				fmt.Fprintf(c.out, "%-7s %s%s\n", k, cl.base, path)
			}
		}
		return nil
	})
	cmd.Flags().StringVar(&drm, "drm", "none", "none, cenc or cbcs (encrypted delivery with ClearKey; not robust DRM)")
	return cmd
}
