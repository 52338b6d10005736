// Package sidecar reaches a helper program of ours over HTTP: one that it starts by itself when somebody asks, over a
// unix socket, or a pool of them on other machines, over TCP with a token. A native crash in the helper costs one retried
// call and never the server; a helper that nobody has asked for a while is ended and its memory given back.
//
// It knows no business word: the ports' remote drivers put their requests through Client.Call, and the helper program
// answers them with functions mounted by Handle. A message is a JSON head and any number of binary parts, so that sound
// and pictures travel without being spelled out:
//
//	"SRP1" · uint32 length of head · head (JSON) · uint32 number of parts · (uint32 length · bytes) for each part
//
// Numbers are little-endian. Errors travel as the JSON of a fault with its kind, code and sentence.
package sidecar
