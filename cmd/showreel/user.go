package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"showreel/fault"
)

type userRow struct {
	ID    string   `json:"id"`
	Name  string   `json:"name"`
	Email string   `json:"email"`
	Roles []string `json:"roles"`
}

func (c *cli) userCmd() *cobra.Command {
	var name string
	var roles []string
	cmd := &cobra.Command{Use: "user", Short: "List, add and remove people"}
	add := &cobra.Command{
		Use: "add E-MAIL", Short: "Add a person; the password is read from the terminal or standard input", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			password, err := c.password()
			if err != nil {
				return err
			}
			in := map[string]any{"email": args[0], "name": name, "roles": roles, "password": password}
			return callAndPrint(c, cmd, http.MethodPost, "/v1/users", in, func(u userRow) string { return "added " + u.ID })
		},
	}
	add.Flags().StringVar(&name, "name", "", "the person's name")
	add.Flags().StringSliceVar(&roles, "role", []string{"viewer"}, "admin, editor or viewer")
	list := &cobra.Command{Use: "list", Short: "List people", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		return c.listRows(cmd, "/v1/users", "ID\tE-MAIL\tROLES\tNAME", func(w io.Writer, raw json.RawMessage) error {
			var u userRow
			err := json.Unmarshal(raw, &u)
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", u.ID, u.Email, strings.Join(u.Roles, ","), printable(u.Name))
			return err
		})
	}}
	remove := &cobra.Command{Use: "remove ID", Short: "Remove a person and end their sessions", Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
		return callAndPrint(c, cmd, http.MethodDelete, "/v1/users/"+url.PathEscape(args[0]), nil, func(userRow) string { return "removed" })
	}}
	cmd.AddCommand(list, add, remove)
	return cmd
}

func (c *cli) keyCmd() *cobra.Command {
	type keyRow struct {
		ID     string   `json:"id"`
		Name   string   `json:"name"`
		Prefix string   `json:"prefix"`
		Secret string   `json:"secret"`
		Roles  []string `json:"roles"`
	}
	var roles []string
	cmd := &cobra.Command{Use: "key", Short: "List, make and revoke API keys"}
	add := &cobra.Command{Use: "add NAME", Short: "Make a key; the secret is shown once", Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
		return callAndPrint(c, cmd, http.MethodPost, "/v1/keys", map[string]any{"name": args[0], "roles": roles}, func(k keyRow) string { return k.Secret })
	}}
	add.Flags().StringSliceVar(&roles, "role", []string{"editor"}, "admin, editor or viewer")
	list := &cobra.Command{Use: "list", Short: "List keys", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		return c.listRows(cmd, "/v1/keys", "ID\tPREFIX\tROLES\tNAME", func(w io.Writer, raw json.RawMessage) error {
			var k keyRow
			err := json.Unmarshal(raw, &k)
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", k.ID, k.Prefix, strings.Join(k.Roles, ","), printable(k.Name))
			return err
		})
	}}
	revoke := &cobra.Command{Use: "revoke ID", Short: "Revoke a key at once", Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
		return callAndPrint(c, cmd, http.MethodDelete, "/v1/keys/"+url.PathEscape(args[0]), nil, func(keyRow) string { return "revoked" })
	}}
	cmd.AddCommand(list, add, revoke)
	return cmd
}

// password asks twice on a terminal, or reads one line.
func (c *cli) password() (string, error) {
	f, ok := c.in.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		line, err := bufio.NewReader(c.in).ReadString('\n')
		if err != nil && line == "" {
			return "", fault.Say("user.add", "", fault.Invalid, "no-password", "Give the password on standard input.")
		}
		return strings.TrimRight(line, "\r\n"), nil
	}
	ask := func(prompt string) (string, error) {
		fmt.Fprint(c.err, prompt)
		raw, err := term.ReadPassword(int(f.Fd()))
		fmt.Fprintln(c.err)
		return string(raw), err
	}
	first, err := ask("Password: ")
	if err != nil {
		return "", err
	}
	again, err := ask("Again: ")
	if err != nil {
		return "", err
	}
	if first != again {
		return "", fault.Say("user.add", "", fault.Invalid, "password-mismatch", "The two passwords differ.")
	}
	return first, nil
}
