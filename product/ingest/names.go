package ingest

import (
	"path"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxNameBytes is the longest file name kept, as most file systems allow.
const maxNameBytes = 255

// ShownName makes a file name that came from outside safe to store and show, and keeps it recognisable: the last
// element of any path, without control characters, NUL and the bidirectional overrides that make "gpj.exe" read as
// "exe.jpg" (Unicode TR 36). Emoji and any script stay. The result is never empty, "." or "..", and at most 255 bytes
// of valid UTF-8 with its extension kept.
func ShownName(raw string) string {
	raw = strings.ReplaceAll(strings.ToValidUTF8(raw, "\uFFFD"), `\`, "/")
	name := path.Base(clean(raw))
	name = strings.TrimSpace(name)
	if strings.Trim(name, "./ ") == "" {
		return "unnamed"
	}
	return shorten(name, maxNameBytes)
}

// ShownFolder makes the folder part of a relative path from outside safe: forward slashes, no "." or "..", no empty or
// absolute element. "" means no folder. relativePath's last element is the file's own name and is left out.
func ShownFolder(relativePath string) string {
	relativePath = strings.ReplaceAll(strings.ToValidUTF8(relativePath, "\uFFFD"), `\`, "/")
	dir := path.Dir(clean(relativePath))
	var kept []string
	for part := range strings.SplitSeq(dir, "/") {
		part = strings.TrimSpace(part)
		if strings.Trim(part, ". ") == "" {
			continue
		}
		kept = append(kept, shorten(part, maxNameBytes))
		if len(kept) == 32 {
			break
		}
	}
	return strings.Join(kept, "/")
}

// clean drops what must not be shown.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == 0, unicode.IsControl(r):
			return -1
		case r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x2069, r == 0x200E, r == 0x200F, r == 0x061C:
			return -1
		}
		return r
	}, s)
}

// shorten cuts s to at most limit bytes on a rune boundary and keeps a short extension.
func shorten(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	ext := path.Ext(s)
	if len(ext) > 16 || !utf8.ValidString(ext) {
		ext = ""
	}
	stem := s[:limit-len(ext)]
	for !utf8.ValidString(stem) {
		stem = stem[:len(stem)-1]
	}
	return stem + ext
}

// titleOf is a readable title for a file name: without extension, underscores as spaces.
func titleOf(name string) string {
	stem := strings.TrimSuffix(name, path.Ext(name))
	stem = strings.TrimSpace(strings.ReplaceAll(stem, "_", " "))
	if stem == "" {
		return name
	}
	return stem
}
