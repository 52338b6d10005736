// Package journeys drives the whole product as its users do: real binaries over HTTP and the command line, on real files,
// killed with -9 in the middle. It holds tests only.
package journeys
