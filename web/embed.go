// Package web carries the built console and the embeddable player page inside the server's binary, so that neither the
// build nor a user needs Node. It is not a server: platform/httpd serves what Dist returns. The source is beside it
// (SvelteKit, built by `npm run build` into dist).
package web

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// Dist returns the built files with index.html at the root: the console (index.html, _app/…) and the player page
// (embed.html, assets/…). Files under _app/immutable and assets carry a content hash in their name and never change.
func Dist() fs.FS {
	sub, err := fs.Sub(dist, "dist")
	if err != nil { // fs.Sub fails only for an invalid path, and this one is constant
		panic("web: " + err.Error())
	}
	return sub
}
