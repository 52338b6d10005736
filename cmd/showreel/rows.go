package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"

	"github.com/spf13/cobra"
)

// callAndPrint makes one call and prints its answer: as JSON, or as the sentence say makes of it.
func callAndPrint[T any](c *cli, cmd *cobra.Command, method, path string, in any, say func(T) string) error {
	cl, release, err := c.connect(cmd.Context())
	if err != nil {
		return err
	}
	defer release()
	var raw json.RawMessage
	if err := cl.call(cmd.Context(), method, path, in, &raw); err != nil {
		return err
	}
	var out T
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &out); err != nil {
			return err
		}
	}
	if c.json && len(raw) > 0 {
		return c.line(raw)
	}
	_, err = fmt.Fprintln(c.out, say(out))
	return err
}

// listRows prints a paged list: one JSON object a line, or a table.
func (c *cli) listRows(cmd *cobra.Command, path, head string, row func(w io.Writer, raw json.RawMessage) error) error {
	cl, release, err := c.connect(cmd.Context())
	if err != nil {
		return err
	}
	defer release()
	var all []json.RawMessage
	err = cl.each(cmd.Context(), path, url.Values{}, func(raw json.RawMessage) error {
		if c.json {
			return c.line(raw)
		}
		all = append(all, raw)
		return nil
	})
	if err != nil || c.json {
		return err
	}
	return c.table(head, func(w io.Writer) {
		for _, raw := range all {
			if e := row(w, raw); e != nil && err == nil {
				err = e
			}
		}
	})
}
