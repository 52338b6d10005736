// Package media is the vocabulary of Showreel: time, ranges, kinds, streams and annotations. It imports only the standard library
// and golang.org/x/text/language, stores nothing and talks to nobody.
//
// The one idea: what the product knows about content is a time range on an asset's timeline, with a reason.
//
// # Glossary
//
//   - asset: one thing in the library (a film, a sound, a picture, a text), with versions.
//   - version: one original file of an asset, immutable; its number counts from 1.
//   - rendition: a derived file of a version (a rung, an audio track, a poster, captions).
//   - rung: one video rendition of the bitrate ladder.
//   - GOP: group of pictures; all rungs of a ladder share GOP boundaries.
//   - CMAF: ISO/IEC 23000-19, the fragmented MP4 both HLS and DASH play.
//   - segment: the part of a stream a player requests; here one GOP-aligned CMAF fragment group.
//   - chunk: the unit of transcoding work, a whole number of GOPs.
//   - proxy: a small rendition made first so that people can start watching.
//   - shot: frames between two cuts. scene: shots that belong together.
//   - cue: one caption with its range.
//   - loudness: EBU R128 / ITU-R BS.1770, in LUFS; true peak in dBTP.
//   - finding: a quality check's result on a range, with severity.
//   - sprite: a sheet of small pictures for scrubbing (WebVTT thumbnails).
//   - PTS: presentation time stamp. VFR: variable frame rate.
package media
