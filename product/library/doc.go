// Package library is the metadata store: what media exists, in which versions, which files were made from it, what is
// known about its timeline, how it is grouped, where it came from and where it may be used. It is the one room that
// other rooms may import.
//
// It is not for bytes (engine/blob keeps them; the library knows their keys), not for making renditions (ingest), not
// for playing (delivery) and not for searching inside media (names, words of the description, tags and filters only).
//
// An asset has versions; a version is one original file and never changes. Everything derived from a version names it.
// A new version leaves the old one's data alone. An asset in the trash is restored with nothing lost; purging deletes
// its rows, tells the other rooms by the event asset.purged, and its files a grace period later.
//
// The ingredient ledger follows the idea of C2PA ingredients and of build provenance (in-toto): which output came from
// which inputs, by which tool, with which settings.
package library
