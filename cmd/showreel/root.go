package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"showreel/fault"
)

// Exit codes, documented in docs/operations.md and by `showreel help exit-codes`.
const (
	exitOK          = 0
	exitFailed      = 1 // something went wrong on our side
	exitUsage       = 2 // wrong arguments or invalid input
	exitNotFound    = 3
	exitDenied      = 4 // not signed in or not permitted
	exitUnavailable = 5 // a server, program or capability is missing
	exitPartly      = 6 // some of the items failed; the output says which
	exitCorrupt     = 7 // verify found damage
	exitCanceled    = 130
)

const exitCodesHelp = `Exit codes:
  0    done
  1    something went wrong inside Showreel
  2    wrong arguments or invalid input
  3    no such thing
  4    not signed in, or not permitted
  5    a server, program or capability is missing
  6    some items failed; the output says which
  7    verify found damage
  130  interrupted
`

// cli is what every subcommand shares: where the product is, and how to print.
type cli struct {
	in       io.Reader
	out, err io.Writer
	data     string
	server   string
	key      string
	config   string
	json     bool
}

func execute(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer) int {
	c := &cli{in: in, out: out, err: errOut}
	root := c.root()
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errOut)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	var quiet *exitError
	if errors.As(err, &quiet) {
		if quiet.text != "" {
			fmt.Fprintln(errOut, "showreel:", quiet.text)
		}
		return quiet.code
	}
	var f *fault.Error
	if errors.As(err, &f) {
		fmt.Fprintln(errOut, "showreel:", message(err))
		return exitCode(err)
	}
	if ctx.Err() != nil {
		return exitCanceled
	}
	fmt.Fprintln(errOut, "showreel:", err)
	return exitUsage
}

// message is the sentence for people; a defect of ours shows its cause, since nobody else is there to log it.
func message(err error) string {
	if fault.KindOf(err) == fault.Internal {
		return err.Error()
	}
	return fault.TextOf(err)
}

func exitCode(err error) int {
	switch fault.KindOf(err) {
	case fault.Invalid, fault.Unsupported, fault.TooLarge, fault.Conflict, fault.Stale:
		return exitUsage
	case fault.NotFound, fault.Gone:
		return exitNotFound
	case fault.Denied, fault.Unauthenticated:
		return exitDenied
	case fault.Unavailable, fault.Limited, fault.Full:
		return exitUnavailable
	case fault.Corrupt:
		return exitCorrupt
	case fault.Canceled:
		return exitCanceled
	}
	return exitFailed
}

// exitError ends the program with a code after the output has said why.
type exitError struct {
	code int
	text string
}

func (e *exitError) Error() string { return fmt.Sprintf("exit %d: %s", e.code, e.text) }

func (c *cli) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "showreel",
		Short:         "A self-hosted media platform: take films in, make them playable, find and deliver them",
		Long:          "showreel is the server and the command line of a self-hosted media platform.\n\nCommands work against a running server (--server and --key, or SHOWREEL_SERVER and SHOWREEL_KEY), or directly on\na data folder with --data, which starts the product in this process when no server runs there.\n\n" + exitCodesHelp,
		SilenceUsage:  true,
		SilenceErrors: true,
		Version:       version,
	}
	flags := root.PersistentFlags()
	flags.StringVar(&c.data, "data", os.Getenv("SHOWREEL_DATA"), "data folder to work on without a server")
	flags.StringVar(&c.server, "server", os.Getenv("SHOWREEL_SERVER"), "address of a running server, http://localhost:8080")
	flags.StringVar(&c.key, "key", "", "API key for --server (default: SHOWREEL_KEY)")
	flags.StringVar(&c.config, "config", os.Getenv("SHOWREEL_CONFIG"), "configuration file (default: showreel.yaml beside the data folder)")
	flags.BoolVar(&c.json, "json", false, "print JSON for machines")
	root.AddCommand(c.serveCmd(), c.addCmd(), c.listCmd(), c.showCmd(), c.playCmd(), c.exportCmd(), c.importCmd(), c.analyzeCmd(), c.suggestCmd(), c.transcriptCmd(), c.captionsCmd(), c.redactCmd(), c.peopleCmd(), c.trashCmd(), c.jobsCmd(),
		c.doctorCmd(), c.configCmd(), c.userCmd(), c.keyCmd(), c.verifyCmd(), c.modelsCmd(), c.versionCmd(), c.openAPICmd())
	return root
}
