package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"showreel/engine/catalogue"
	"showreel/house"
)

// modelFlags are what every subcommand of models takes.
type modelFlags struct {
	dir, cache string
	infer      bool
}

func (c *cli) modelsCmd() *cobra.Command {
	f := &modelFlags{}
	cmd := &cobra.Command{
		Use:   "models",
		Short: "List, install and check the models that listen, look, speak and read",
		Long: "The models that listen, look, speak and read. The commands work on the folder of models of the configuration (models.dir, or\n" +
			"--dir), beside a running server too. Names are ids and the sets default, optional and all.",
	}
	cmd.PersistentFlags().StringVar(&f.dir, "dir", "", "folder of models (default: models.dir of the configuration)")
	cmd.PersistentFlags().StringVar(&f.cache, "cache", "", "keep downloaded packages in this folder")
	cmd.AddCommand(c.modelsListCmd(f), c.modelsInstallCmd(f), c.modelsVerifyCmd(f), c.modelsAddCmd(f), c.modelsUseCmd(f), c.modelsMirrorCmd(f), c.modelsReportCmd(f),
		c.modelsResultsCmd(), c.modelsCompareCmd(), c.modelsPromoteCmd())
	return cmd
}

// openModels opens the catalogue as the configuration says.
func (c *cli) openModels(f *modelFlags) (*catalogue.Catalogue, error) {
	cfg, err := c.loadConfig(nil)
	if err != nil {
		return nil, err
	}
	o, err := house.ModelOptions(cfg)
	if err != nil {
		return nil, err
	}
	o.Cache, o.Keep = f.cache, f.cache != ""
	if f.dir != "" {
		o.Dir = f.dir
	}
	var cat *catalogue.Catalogue
	if f.infer {
		o.Probe = func(ctx context.Context, m catalogue.Model, folder string) error {
			return cat.Reference(ctx, m, folder)
		}
	}
	cat, err = catalogue.Open(o)
	return cat, err
}

func (c *cli) modelsListCmd(f *modelFlags) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the models with their state, licence and size", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			cat, err := c.openModels(f)
			if err != nil {
				return err
			}
			list, err := cat.List()
			if err != nil {
				return err
			}
			if c.json {
				for _, s := range list {
					if err := c.line(s); err != nil {
						return err
					}
				}
				return nil
			}
			return c.table("ID\tSTATE\tIN USE\tSET\tROLE\tSIZE\tLICENCE", func(w io.Writer) {
				for _, s := range list {
					fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", s.ID, stateWords(s), yesNo(s.Using), s.Set, s.Role, size(s.Bytes), licenceWords(s))
				}
			})
		},
	}
}

func stateWords(s catalogue.Status) string {
	switch {
	case s.Progress != nil && s.Progress.Total > 0:
		return fmt.Sprintf("%s: %s %d %%", s.State, s.Progress.Step, 100*s.Progress.Bytes/s.Progress.Total)
	case s.State == catalogue.Absent && s.Wanted:
		return "absent, wanted"
	case s.State == catalogue.Absent && len(s.Needs) > 0:
		return "absent, needs " + strings.Join(s.Needs, ", ")
	case s.State == catalogue.Own:
		return "operator's own"
	}
	return s.State
}

func licenceWords(s catalogue.Status) string {
	words := s.Licence.ID
	if s.Licence.Unknown {
		words = "unknown"
	}
	if words == "" {
		words = printable(s.Licence.Words)
	}
	if s.Licence.NonCommercial {
		words += ", non-commercial"
	}
	if s.Upstream.ThirdPartyCopy && s.State != catalogue.Own {
		words += ", third-party copy"
	}
	if s.Refused != "" {
		words += ", refused"
	}
	return words
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "-"
}

func (c *cli) modelsInstallCmd(f *modelFlags) *cobra.Command {
	return &cobra.Command{
		Use: "install [ID|default|optional|all ...]", Short: "Install models; what was interrupted goes on",
		Example: "  showreel models install default --data ./data\n  showreel models install silero-vad --dir /srv/models",
		RunE: func(cmd *cobra.Command, args []string) error {
			cat, err := c.openModels(f)
			if err != nil {
				return err
			}
			if len(args) == 0 {
				args = []string{"default"}
			}
			return c.withProgress(func(report func(catalogue.Progress)) error { return cat.Install(cmd.Context(), args, report) })
		},
	}
}

// withProgress runs work that reports: bars on a terminal, a line a step elsewhere, JSON lines with --json.
func (c *cli) withProgress(work func(report func(catalogue.Progress)) error) error {
	b := c.newBars()
	defer b.stop()
	var mu sync.Mutex
	last := map[string]string{}
	bar := map[string]func(catalogue.Progress){}
	return work(func(p catalogue.Progress) {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case c.json:
			_ = c.line(p) // a closed pipe ends the program anyway
		case b.p != nil:
			if bar[p.Model] == nil {
				bar[p.Model] = b.model(p.Model)
			}
			bar[p.Model](p)
		case last[p.Model] != p.Step:
			last[p.Model] = p.Step
			text := p.Step
			if p.Step == catalogue.StepDownloading && p.Total > 0 {
				text += " " + size(p.Total)
			}
			if p.Step == catalogue.StepFailed {
				text += ": " + p.Text
			}
			fmt.Fprintf(c.err, "%s: %s\n", p.Model, text)
		}
	})
}

func (c *cli) modelsVerifyCmd(f *modelFlags) *cobra.Command {
	cmd := &cobra.Command{
		Use: "verify [ID|default|optional|all ...]", Short: "Compare every file of the installed models with its checksum",
		RunE: func(cmd *cobra.Command, args []string) error {
			cat, err := c.openModels(f)
			if err != nil {
				return err
			}
			if len(args) == 0 {
				args = []string{"all"}
			}
			checks, err := cat.Verify(cmd.Context(), args)
			if err != nil {
				return err
			}
			return c.printChecks(checks, len(args) == 1 && args[0] == "all")
		},
	}
	cmd.Flags().BoolVar(&f.infer, "infer", false, "also run each model on a fixed input and compare with the original's outputs (fetches ONNX Runtime for Python once)")
	return cmd
}

// printChecks lists the outcome; absent models are left out of "all".
func (c *cli) printChecks(checks []catalogue.Check, quiet bool) error {
	damaged := 0
	for _, k := range checks {
		if k.State == catalogue.Absent && quiet && !c.json {
			continue
		}
		if k.State == catalogue.Damaged {
			damaged++
		}
		if c.json {
			if err := c.line(k); err != nil {
				return err
			}
			continue
		}
		tested := ""
		if k.Tested {
			tested = ", test inference right"
		}
		fmt.Fprintf(c.out, "%s: %s, %d files checked%s%s\n", k.Model, k.State, k.Files, tested, prefixed(" - ", k.Why))
	}
	if damaged > 0 {
		return &exitError{exitCorrupt, fmt.Sprintf("%d models are damaged; showreel models install makes them anew", damaged)}
	}
	return nil
}

func prefixed(prefix, s string) string {
	if s == "" {
		return ""
	}
	return prefix + s
}

func (c *cli) modelsAddCmd(f *modelFlags) *cobra.Command {
	a := catalogue.Addition{}
	var sums []string
	cmd := &cobra.Command{
		Use: "add ID FILE|URL|NAME=FILE ...", Short: "Take in a model of your own, which goes before ours", Args: cobra.MinimumNArgs(2),
		Long: "Takes in a model of your own: in the place of a listed one (its id), or as a new one for a role. The first file is what the\n" +
			"engine opens. --sha256 names the checksums in the order of the files; an address needs one.",
		Example: "  showreel models add whisper-base ggml-base.bin\n  showreel models add whisper-small --role speech.transcribe https://example.org/ggml-small.bin --sha256 1be3…",
		RunE: func(cmd *cobra.Command, args []string) error {
			cat, err := c.openModels(f)
			if err != nil {
				return err
			}
			a.ID = args[0]
			for i, arg := range args[1:] {
				file := catalogue.OwnFile{From: arg}
				if name, from, ok := strings.Cut(arg, "="); ok && !strings.ContainsAny(name, "/:") {
					file = catalogue.OwnFile{Name: name, From: from}
				}
				if i < len(sums) {
					file.SHA256 = sums[i]
				}
				a.Files = append(a.Files, file)
			}
			s, err := cat.Add(cmd.Context(), a)
			if err != nil {
				return err
			}
			if c.json {
				return c.line(s)
			}
			_, err = fmt.Fprintf(c.out, "%s is %s in %s; showreel models use %s %s chooses it\n", s.ID, stateWords(s), filepath.Join(cat.Dir(), s.ID), s.Role, s.ID)
			return err
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&a.Role, "role", "", "what it is for; showreel models list shows the roles")
	fl.StringVar(&a.Version, "version", "", "its version, which every result will name")
	fl.StringVar(&a.Licence, "licence", "", "its licence in your words")
	fl.StringSliceVar(&sums, "sha256", nil, "checksums of the files, in their order")
	return cmd
}

func (c *cli) modelsUseCmd(f *modelFlags) *cobra.Command {
	return &cobra.Command{
		Use: "use ROLE ID|standard", Short: "Choose which model a role uses", Args: cobra.ExactArgs(2),
		RunE: func(_ *cobra.Command, args []string) error {
			cat, err := c.openModels(f)
			if err != nil {
				return err
			}
			id := args[1]
			if id == "standard" {
				id = ""
			}
			if err := cat.Use(args[0], id); err != nil {
				return err
			}
			if c.json {
				return c.line(map[string]string{"role": args[0], "model": id})
			}
			_, err = fmt.Fprintf(c.out, "%s uses %s\n", args[0], args[1])
			return err
		},
	}
}

func (c *cli) modelsMirrorCmd(f *modelFlags) *cobra.Command {
	return &cobra.Command{
		Use: "mirror DIR [ID|default|optional|all ...]", Short: "Fill a folder from which machines without a network install (models.mirror)", Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cat, err := c.openModels(f)
			if err != nil {
				return err
			}
			names := args[1:]
			if len(names) == 0 {
				names = []string{"default"}
			}
			return c.withProgress(func(report func(catalogue.Progress)) error { return cat.Mirror(cmd.Context(), args[0], names, report) })
		},
	}
}

func (c *cli) modelsReportCmd(f *modelFlags) *cobra.Command {
	return &cobra.Command{
		Use: "report [ID|default|optional|all ...]", Short: "Print every quality figure with its test, date and model version",
		RunE: func(_ *cobra.Command, args []string) error {
			cat, err := c.openModels(f)
			if err != nil {
				return err
			}
			if len(args) == 0 {
				args = []string{"all"}
			}
			models, err := cat.Choose(args)
			if err != nil {
				return err
			}
			measures, err := catalogue.Measures(catalogue.Measured)
			if err != nil {
				return err
			}
			if slices.Contains(args, "all") {
				return c.printFigures(models, measures)
			}
			ids := map[string]bool{}
			for _, m := range models {
				ids[m.ID] = true
			}
			return c.printFigures(models, slices.DeleteFunc(measures, func(m catalogue.Measure) bool { return m.Model == "" || !m.Names(ids) }))
		},
	}
}

// printFigures prints what was measured of each ability by the bench, then what the list says of each model.
func (c *cli) printFigures(models []catalogue.Model, measures []catalogue.Measure) error {
	if c.json {
		for _, x := range measures {
			if err := c.line(x); err != nil {
				return err
			}
		}
		for _, m := range models {
			if err := c.line(m); err != nil {
				return err
			}
		}
		return nil
	}
	return c.table("ABILITY OR MODEL\tMODEL, VERSION\tMEASURE\tVALUE\tTARGET\tTEST\tDATE", func(w io.Writer) {
		for _, x := range measures {
			measureRow(w, x)
		}
		reportRows(w, models)
	})
}

func measureRow(w io.Writer, x catalogue.Measure) {
	value := strings.TrimSpace(fmt.Sprintf("%g %s", x.Value, x.Unit))
	if x.Missing != "" {
		value = "not measured: " + x.Missing
	}
	target := x.Target
	switch {
	case target == "" || x.Missing != "":
	case x.Met:
		target += ", met"
	default:
		target += ", missed"
	}
	test := x.Test
	if x.Synthetic {
		test += " (synthetic)"
	}
	if x.Peer != "" {
		test += ", beside " + x.Peer
	}
	fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", x.Ability, orDash(x.Model), x.Figure, value, orDash(target), orDash(test), x.Date)
}

func reportRows(w io.Writer, models []catalogue.Model) {
	for _, m := range models {
		fmt.Fprintf(w, "%s\t%s\tcost\t%s\t-\tone thread\t\n", m.ID, m.Version, m.Cost)
		for _, q := range m.Quality {
			test := q.Test
			if q.Synthetic {
				test += " (synthetic)"
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t-\t%s\t%s\n", m.ID, m.Version, q.Measure, q.Value, test, q.Date)
		}
		if len(m.Quality) == 0 {
			fmt.Fprintf(w, "%s\t%s\tquality\tnot measured\t-\t\t\n", m.ID, m.Version)
		}
	}
}
