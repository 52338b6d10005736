package ingest

import (
	"path"
	"strings"

	"showreel/product/library"
)

// ShownFolder makes the folder part of a relative path from outside safe: forward slashes, no "." or "..", no empty or
// absolute element. "" means no folder. relativePath's last element is the file's own name and is left out.
func ShownFolder(relativePath string) string {
	relativePath = strings.ReplaceAll(strings.ToValidUTF8(relativePath, "\uFFFD"), `\`, "/")
	dir := path.Dir(relativePath)
	var kept []string
	for part := range strings.SplitSeq(dir, "/") {
		if strings.Trim(part, ". ") == "" {
			continue
		}
		kept = append(kept, library.CleanName(part))
		if len(kept) == 32 {
			break
		}
	}
	return strings.Join(kept, "/")
}
