package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"showreel/fault"
)

// personRow is what the command line uses of a person.
type personRow struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Withdrawn string `json:"withdrawn"`
	Faces     int    `json:"faces"`
	Voices    int    `json:"voices"`
	Assets    int    `json:"assets"`
	Consent   *struct {
		Basis     string `json:"basis"`
		ExpiresMS int64  `json:"expiresMs"`
	} `json:"consent"`
}

func (p personRow) agreed() string {
	switch {
	case p.Withdrawn != "":
		return p.Withdrawn
	case p.Consent == nil:
		return "-"
	case p.Consent.ExpiresMS > 0:
		return p.Consent.Basis + ", until " + time.UnixMilli(p.Consent.ExpiresMS).UTC().Format(time.DateOnly)
	}
	return p.Consent.Basis
}

func (c *cli) peopleCmd() *cobra.Command {
	cmd := &cobra.Command{Use: "people", Short: "Who is seen and heard: names, consent",
		Long: "Faces and voices are compared only where biometrics are turned on, with a basis: showreel people biometrics on --basis '…'."}
	cmd.AddCommand(c.peopleListCmd(), c.peopleNameCmd(), c.peopleMergeCmd(), c.peopleConsentCmd(), c.peopleForgetCmd(), c.biometricsCmd())
	return cmd
}

func (c *cli) peopleListCmd() *cobra.Command {
	var unnamed bool
	cmd := &cobra.Command{Use: "list", Short: "List people, or the faces and voices that wait for a name", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		if !unnamed {
			return c.listRows(cmd, "/v1/people", "ID\tFACES\tVOICES\tASSETS\tCONSENT\tNAME", func(w io.Writer, raw json.RawMessage) error {
				var p personRow
				err := json.Unmarshal(raw, &p)
				fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%s\t%s\n", p.ID, p.Faces, p.Voices, p.Assets, printable(p.agreed()), printable(p.Name))
				return err
			})
		}
		return c.listRows(cmd, "/v1/people/unnamed", "FACE\tKIND\tTIMES\tASSETS\tSEEN IN\tAT", func(w io.Writer, raw json.RawMessage) error {
			var p struct {
				Face struct {
					ID, Kind, Asset string
					AtMS            int64
				}
				Faces  int
				Assets []string
			}
			err := json.Unmarshal(raw, &p)
			fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%s\t%.1f s\n", p.Face.ID, p.Face.Kind, p.Faces, len(p.Assets), p.Face.Asset, float64(p.Face.AtMS)/1000)
			return err
		})
	}}
	cmd.Flags().BoolVar(&unnamed, "unnamed", false, "who waits for a name")
	return cmd
}

func (c *cli) peopleNameCmd() *cobra.Command {
	var not bool
	cmd := &cobra.Command{Use: "name FACE NAME", Short: "Say who a face or a voice is; the name spreads to all that resembles", Args: cobra.ExactArgs(2),
		Example: "  showreel people name 0190f7d2-… 'Ada Lovelace'\n  showreel people name 0190f7d2-… PERSON-ID --not",
		RunE: func(cmd *cobra.Command, args []string) error {
			in := map[string]any{"verdict": "confirm", "name": args[1]}
			if not {
				in = map[string]any{"verdict": "reject", "person": args[1]}
			}
			return callAndPrint(c, cmd, http.MethodPost, "/v1/faces/"+url.PathEscape(args[0])+"/person", in, func(v struct{ PersonName string }) string {
				if v.PersonName == "" {
					return "without a name"
				}
				return printable(v.PersonName)
			})
		}}
	cmd.Flags().BoolVar(&not, "not", false, "it is not this person, whose id is given")
	return cmd
}

func (c *cli) peopleMergeCmd() *cobra.Command {
	return &cobra.Command{Use: "merge INTO PERSON…", Short: "Make one person of several", Args: cobra.MinimumNArgs(2), RunE: func(cmd *cobra.Command, args []string) error {
		return callAndPrint(c, cmd, http.MethodPost, "/v1/people/merge", map[string]any{"into": args[0], "from": args[1:]}, func(p personRow) string {
			return fmt.Sprintf("%s: %d faces, %d voices", printable(p.Name), p.Faces, p.Voices)
		})
	}}
}

func (c *cli) peopleConsentCmd() *cobra.Command {
	var basis, document, until string
	var revoke, keep bool
	cmd := &cobra.Command{Use: "consent PERSON", Short: "Record a person's consent, or end it", Args: cobra.ExactArgs(1),
		Example: "  showreel people consent 0190f7d2-… --basis 'release form' --document archive/17 --until 2027-12-31\n  showreel people consent 0190f7d2-… --revoke",
		RunE: func(cmd *cobra.Command, args []string) error {
			path := "/v1/people/" + url.PathEscape(args[0]) + "/consent"
			say := func(p personRow) string { return printable(p.Name + ": " + p.agreed()) }
			if revoke {
				if keep {
					path += "?keepNames=true"
				}
				return callAndPrint(c, cmd, http.MethodDelete, path, nil, say)
			}
			expires, err := untilMS(until)
			if err != nil {
				return err
			}
			return callAndPrint(c, cmd, http.MethodPost, path, map[string]any{"basis": basis, "document": document, "expiresMs": expires}, say)
		}}
	cmd.Flags().StringVar(&basis, "basis", "", "in words")
	cmd.Flags().StringVar(&document, "document", "", "where it is written")
	cmd.Flags().StringVar(&until, "until", "", "the last day it holds, as 2027-12-31")
	cmd.Flags().BoolVar(&revoke, "revoke", false, "end it: vectors are erased, names taken away, faces blurred in redactions")
	cmd.Flags().BoolVar(&keep, "keep-names", false, "with --revoke: names typed by hand stay")
	return cmd
}

// untilMS is the end of a day in UTC, 0 for none.
func untilMS(day string) (int64, error) {
	if day == "" {
		return 0, nil
	}
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return 0, fault.Say("people.consent", day, fault.Invalid, "bad-day", "A day is written as 2027-12-31.")
	}
	return t.AddDate(0, 0, 1).UnixMilli(), nil
}

func (c *cli) peopleForgetCmd() *cobra.Command {
	var blur bool
	cmd := &cobra.Command{Use: "forget PERSON", Short: "Forget a person: vectors, names, consents", Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
		path := "/v1/people/" + url.PathEscape(args[0])
		if blur {
			path += "?blur=true"
		}
		return callAndPrint(c, cmd, http.MethodDelete, path, nil, func(struct{}) string { return "forgotten" })
	}}
	cmd.Flags().BoolVar(&blur, "blur", false, "remember where their faces are, so that redactions blur them")
	return cmd
}

func (c *cli) biometricsCmd() *cobra.Command {
	var basis, document string
	var each, keep bool
	type setting struct {
		Enabled bool
		Basis   string
		Vectors int
	}
	say := func(b setting) string {
		if b.Enabled {
			return fmt.Sprintf("on (%s), %d vectors", printable(b.Basis), b.Vectors)
		}
		return fmt.Sprintf("off, %d vectors", b.Vectors)
	}
	cmd := &cobra.Command{Use: "biometrics [on|off]", Short: "Show or change whether faces and voices are compared", Args: cobra.MaximumNArgs(1), ValidArgs: []string{"on", "off"}, RunE: func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return callAndPrint(c, cmd, http.MethodGet, "/v1/settings/biometrics", nil, say)
		}
		if args[0] != "on" && args[0] != "off" {
			return fault.Say("people.biometrics", args[0], fault.Invalid, "on-or-off", "Biometrics are turned on or off.")
		}
		return callAndPrint(c, cmd, http.MethodPut, "/v1/settings/biometrics", map[string]any{"enabled": args[0] == "on", "basis": basis, "document": document, "eachPerson": each, "keepNames": keep}, say)
	}}
	cmd.Flags().StringVar(&basis, "basis", "", "on: why faces and voices may be compared, in words")
	cmd.Flags().StringVar(&document, "document", "", "on: where that is written")
	cmd.Flags().BoolVar(&each, "each-person", false, "on: recognise only people with a consent of their own")
	cmd.Flags().BoolVar(&keep, "keep-names", false, "off: names typed by hand stay")
	return cmd
}
