package config

import (
	"fmt"
	"reflect"
	"strings"
)

const manualWidth = 116 // characters of a comment line

// Manual returns showreel.yaml: every key with its meaning and default, all commented out. Taking the first # from every
// line gives a file that sets all defaults.
func Manual() string {
	var b strings.Builder
	b.WriteString("## Showreel's configuration. Everything here has a default; take the # from a line to set it (and from its section's line).\n")
	b.WriteString("## A variable (listen: SHOWREEL_LISTEN, tls.cert: SHOWREEL_TLS_CERT) overrides this file, a flag (--listen=…) overrides both.\n")
	b.WriteString("## `showreel config explain` shows each value and where it came from.\n")
	section := ""
	for _, f := range fields() {
		head, name, nested := strings.Cut(f.key, ".")
		indent := ""
		if nested {
			indent = "  "
		} else {
			head, name = "", f.key
		}
		b.WriteString("#\n")
		if head != section && head != "" {
			fmt.Fprintf(&b, "#%s:\n", head)
		}
		section = head
		for _, line := range wrap(f.doc, manualWidth-len(indent)) {
			fmt.Fprintf(&b, "#%s# %s\n", indent, line)
		}
		fmt.Fprintf(&b, "#%s%s: %s\n", indent, name, f.yamlDefault())
	}
	return b.String()
}

func (f field) yamlDefault() string {
	switch {
	case f.typ.Kind() == reflect.Slice:
		return "[]"
	case f.typ.Kind() != reflect.String:
		return f.def
	case f.def == "":
		return `""`
	case strings.ContainsAny(f.def, ":#") || f.def == "on" || f.def == "off":
		return `"` + f.def + `"`
	}
	return f.def
}

func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && len(line)+1+len(word) > width {
			lines = append(lines, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}

// Markdown returns docs/configuration.md.
func Markdown() string {
	var b strings.Builder
	b.WriteString(`# Configuration

Generated from the program; do not edit. Every key has a default. A later source overrides an earlier one:
default, then the file (` + "`--config FILE`, `SHOWREEL_CONFIG`, or `showreel.yaml`" + ` in the working directory), then the
environment, then a flag. An unknown key is an error that names the nearest one.
` + "`showreel config explain` shows each value and where it came from; `showreel config manual` prints a commented file." + `

| Key | Default | Variable | Meaning |
|---|---|---|---|
`)
	for _, f := range fields() {
		def := f.yamlDefault()
		if def == `""` {
			def = ""
		} else {
			def = "`" + def + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | `%s` | %s |\n", f.key, def, EnvName(f.key), strings.ReplaceAll(f.doc, "|", "\\|"))
	}
	b.WriteString("\nLists can be given in a variable or flag as YAML: `SHOWREEL_WATCH='[{path: /srv/inbox, template: web}]'`; plain words also with commas.\n")
	return b.String()
}

// Flag describes one key for a command line's help.
type Flag struct {
	Name    string // "tls.cert"; written --tls.cert=FILE
	Default string
	Doc     string
	Switch  bool // needs no value
}

// Flags lists every key as a flag, and --config.
func Flags() []Flag {
	list := []Flag{{Name: "config", Doc: "Configuration file; " + DefaultFile + " in the working directory when it exists."}}
	for _, f := range fields() {
		list = append(list, Flag{f.key, f.def, f.doc, f.typ.Kind() == reflect.Bool})
	}
	return list
}
