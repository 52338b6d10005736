// Package quality is the room that judges what was made: black, frozen and silent stretches, loudness, lost frames,
// sound out of step, interlacing, borders, captions that cannot be read, weak encodes, damaged decodes and manifests a
// player would stumble over. Each result is a finding with a range, a severity and, where there is a picture, a
// thumbnail; a policy (data, one per kind of destination) says which checks count and how much; a finding can be waived
// by a person who gives a reason. While an error stands, the gate blocks publishing.
//
// It measures nothing itself: transcode measures while it decodes, cmaf indexes what was written, and ingest hands both
// over as Evidence. It is not for moderation of content (analysis) nor for rights.
//
// Example: a film with four black seconds in the middle under policy "broadcast" gets the finding "black" with severity
// error and the range 61.2 s to 65.2 s; its job is held until somebody waives it with the reason "artistic pause", or
// sends a better file.
//
// Limits follow EBU R128 (loudness), EBU R37 (sound against picture), EBU QC checks (black, freeze, silence) and the
// BBC subtitle guidelines (reading speed); each policy file names its source.
package quality
