package main

import (
	"errors"
	"strings"
	"unicode"
)

// errEnough ends a paged walk early; it never leaves the program.
var errEnough = errors.New("enough")

func joined(args []string) string { return strings.Join(args, " ") }

// printable drops control and direction-override characters, which could make a terminal lie.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return -1
		}
		return r
	}, s)
}
