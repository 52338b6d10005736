// Package samples holds the sample library's catalogue: an allow-list of files with package, checksum, licence and credit.
// The files themselves are fetched at set-up by fetch.sh and are not in the repository.
package samples

import _ "embed" // the catalogue

// Catalogue is catalogue.tsv.
//
//go:embed catalogue.tsv
var Catalogue string
