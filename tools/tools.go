// Package tools embeds the converters of models (tools/models), which the server unpacks and runs in a process of their own
// when it installs a model that its package carries in another form.
package tools

import "embed"

// Models holds the scripts under "models/".
//
//go:embed models/*.py models/*.txt models/expected.npz
var Models embed.FS
