// Command rates counts what `SHOWREEL_TEST_OUT=FILE make deep` wrote about films with planted secrets, and prints the miss
// rates as product/analysis/redact/rates.json keeps them: go run ./test/redaction/rates FILE DATE > rates.json.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"showreel/test/redaction"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "rates:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("usage: rates FILE DATE")
	}
	all, err := redaction.Outcomes(args[0])
	if err != nil {
		return err
	}
	raw, err := json.MarshalIndent(redaction.Tally(all, args[1]), "", "  ")
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "%d of %d cases\n", len(all), len(redaction.Cases()))
	_, err = os.Stdout.Write(append(raw, '\n'))
	return err
}
