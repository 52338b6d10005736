package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// standingRow is what the command line uses of an ability's state.
type standingRow struct {
	Ability    string `json:"ability"`
	State      string `json:"state"`
	Text       string `json:"text"`
	Model      string `json:"model"`
	Pieces     int    `json:"pieces"`
	PiecesDone int    `json:"piecesDone"`
	Found      int    `json:"found"`
	CPUMS      int64  `json:"cpuMs"`
	WallMS     int64  `json:"wallMs"`
}

type analysisRow struct {
	Asset string `json:"asset"`
	Run   *struct {
		ID    string `json:"id"`
		State string `json:"state"`
	} `json:"run"`
	Abilities []standingRow `json:"abilities"`
	Beside    []standingRow `json:"beside"`
}

func (a analysisRow) over() bool { return a.Run == nil || a.Run.State != "open" }

type analyzeOptions struct {
	only      []string
	all, wait bool
	translate bool
	model     string
	shadow    bool
}

func (c *cli) analyzeCmd() *cobra.Command {
	var o analyzeOptions
	cmd := &cobra.Command{
		Use:   "analyze ASSET|FILE",
		Short: "Understand an asset: what is said, seen and written in it",
		Long:  "Asks for an asset's analysis. A file is taken into the library first. What is done already is not done again, but with --all.",
		Example: "  showreel analyze film.mp4 --wait\n" +
			"  showreel analyze 0190f7d2-… --only speech,text --all --wait --json\n" +
			"  showreel analyze 0190f7d2-… --only speech --model whisper-tiny-en --shadow --wait",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cl, release, err := c.connect(cmd.Context())
			if err != nil {
				return err
			}
			defer release()
			return c.analyze(cmd.Context(), cl, args[0], o)
		},
	}
	cmd.Flags().StringSliceVar(&o.only, "only", nil, "abilities: sound, speech, speakers, translation, shots, scenes, keyframes, labels, objects, text, faces, moderation, examples, pii, meaning, structure, picture")
	cmd.Flags().BoolVar(&o.all, "all", false, "do again what is done")
	cmd.Flags().BoolVar(&o.translate, "translate", false, "translate what is said into English too, beside what --only names")
	cmd.Flags().StringVar(&o.model, "model", "", "with --shadow: id of an installed model")
	cmd.Flags().BoolVar(&o.shadow, "shadow", false, "run --model beside the one in use, for the one ability of --only; showreel models compare tells what differs")
	cmd.Flags().BoolVar(&o.wait, "wait", false, "wait until everything is done or has failed")
	return cmd
}

func (c *cli) analyze(ctx context.Context, cl *client, what string, o analyzeOptions) error {
	asset := what
	if info, err := os.Stat(what); err == nil && info.Mode().IsRegular() {
		bars := c.newBars()
		r := c.addOne(ctx, cl, source{path: what}, addOptions{}, bars)
		if r.Error == nil {
			err = c.await(ctx, cl, &r, bars)
		}
		bars.stop()
		if err != nil {
			return err
		}
		if r.Error != nil {
			return &exitError{exitUsage, r.Error.Text}
		}
		asset = r.Asset
	}
	if o.shadow != (o.model != "") {
		return &exitError{exitUsage, "--model and --shadow go together; showreel models use ROLE MODEL chooses the model that is in use"}
	}
	mode := "missing"
	if o.all {
		mode = "all"
	}
	path := "/v1/assets/" + url.PathEscape(asset) + "/analysis"
	if o.translate && len(o.only) > 0 {
		o.only = append(o.only, "translation")
	}
	var raw json.RawMessage
	if o.translate && len(o.only) == 0 { // everything else, and this
		if err := cl.call(ctx, http.MethodPost, path, map[string]any{"only": []string{"translation"}, "mode": mode}, nil); err != nil {
			return err
		}
	}
	ask := map[string]any{"only": append([]string{}, o.only...), "mode": mode}
	if o.shadow {
		ask["beside"] = o.model
	}
	if err := cl.call(ctx, http.MethodPost, path, ask, &raw); err != nil {
		return err
	}
	var a analysisRow
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, 2*time.Second) {
		a = analysisRow{}
		if err := json.Unmarshal(raw, &a); err != nil {
			return err
		}
		if !o.wait || a.over() {
			break
		}
		if err := wait(ctx, pause); err != nil {
			return err
		}
		if err := cl.call(ctx, http.MethodGet, path, nil, &raw); err != nil {
			return err
		}
	}
	if err := c.printAnalysis(a, raw); err != nil {
		return err
	}
	return a.outcome(o.only)
}

func (c *cli) printAnalysis(a analysisRow, raw json.RawMessage) error {
	if c.json {
		return c.line(raw)
	}
	if _, err := fmt.Fprintln(c.out, "asset", a.Asset); err != nil {
		return err
	}
	return c.table("ABILITY\tSTATE\tDONE\tFOUND\tCPU\tWALL\tMODEL", func(w io.Writer) {
		for _, s := range append(a.Abilities, a.Beside...) {
			if s.State == "" {
				continue
			}
			model := s.Model
			if s.Text != "" {
				model = s.Text
			}
			fmt.Fprintf(w, "%s\t%s\t%d/%d\t%d\t%.1f s\t%.1f s\t%s\n", s.Ability, s.State, s.PiecesDone, s.Pieces, s.Found, float64(s.CPUMS)/1000, float64(s.WallMS)/1000, printable(model))
		}
	})
}

// outcome is an error where an ability that was asked for by name, or any at all, has failed.
func (a analysisRow) outcome(only []string) error {
	asked := func(name string) bool {
		return len(only) == 0 || strings.Contains(","+strings.Join(only, ",")+",", ","+name+",")
	}
	var failed, missing []string
	for _, s := range a.Abilities {
		switch {
		case !asked(s.Ability):
		case s.State == "failed":
			failed = append(failed, s.Ability)
		case s.State == "unavailable" && len(only) > 0:
			missing = append(missing, s.Ability+": "+s.Text)
		}
	}
	if len(failed) > 0 {
		return &exitError{exitPartly, "failed: " + strings.Join(failed, ", ")}
	}
	if len(missing) > 0 {
		return &exitError{exitUnavailable, strings.Join(missing, "; ")}
	}
	return nil
}

// translated is what asks for the translation.
var translated = map[bool]string{true: "&translation=en"}

func (c *cli) transcriptCmd() *cobra.Command {
	var format, to string
	var translation bool
	cmd := c.onAsset("transcript ASSET", "Print what is said in an asset", func(cmd *cobra.Command, cl *client, id string) error {
		if c.json {
			format = "json"
		}
		body, err := cl.fetch(cmd.Context(), "/v1/assets/"+url.PathEscape(id)+"/transcript?format="+url.QueryEscape(format)+translated[translation])
		if err != nil {
			return err
		}
		if to == "" {
			_, err = c.out.Write(body)
			return err
		}
		return os.WriteFile(to, body, 0o600)
	})
	cmd.Flags().StringVar(&format, "format", "txt", "srt, vtt, ttml, ass, txt or json")
	cmd.Flags().BoolVar(&translation, "translation", false, "what is said in English, as a machine translated it (showreel analyze --translate)")
	cmd.Flags().StringVarP(&to, "output", "o", "", "write to this file")
	return cmd
}
