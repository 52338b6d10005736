// Command showreel-ai runs the models: it hears, sees, speaks and embeds for the server, which is free of native code.
// The server starts it by itself, one process a role, over a unix socket; on other machines it is run by hand over TCP
// with a token. It keeps nothing on disk, opens no connection of its own and knows no asset: sound, pictures and text come
// in, answers go out, and a crash in native code costs the server one retried call.
//
//	showreel-ai serve --roles speech,vision --models DIR --native DIR --listen unix:PATH|tcp:HOST:PORT
//	                  [--token-file FILE] [--workers N] [--memory-mb N]
//	showreel-ai version
//
// A role is one file, roles_<role>.go, and one line in the table of roles.go. It is not for models of an operator's own
// server: those are reached by their URL.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"showreel/fault"
)

// version is set by the linker.
var version = "dev"

const usage = `usage: showreel-ai serve --roles ROLE[,ROLE…] --models DIR --native DIR --listen unix:PATH|tcp:HOST:PORT
                         [--token-file FILE] [--workers N] [--memory-mb N]
       showreel-ai version
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(execute(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// execute runs one command and returns the exit status: 0, 1 for a failure, 2 for wrong arguments.
func execute(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		fmt.Fprint(stderr, usage)
		return 2
	}
	var err error
	switch args[0] {
	case "serve":
		var o serveOptions
		if o, err = parseServe(args[1:]); err == nil {
			err = serve(ctx, o, stderr)
		}
	case "version":
		fmt.Fprintln(stdout, "showreel-ai", version)
	default:
		fmt.Fprint(stderr, usage)
		return 2
	}
	switch {
	case err == nil:
		return 0
	case fault.Is(err, fault.Invalid):
		fmt.Fprintf(stderr, "showreel-ai: %s\n%s", fault.TextOf(err), usage)
		return 2
	}
	fmt.Fprintf(stderr, "showreel-ai: %s (%v)\n", fault.TextOf(err), err)
	return 1
}
