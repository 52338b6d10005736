// Package captions holds the tests of captions from speech to the player: real films with recorded speech go through the
// real server, the real speech model and the real manifests. What it checks is what a viewer's player and an editor get.
package captions
