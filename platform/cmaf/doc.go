// Package cmaf reads, joins and repackages CMAF tracks: one fragmented MP4 file per rendition (ISO/IEC 23000-19 on top of
// ISO/IEC 14496-12). It indexes a stored track (Scan), makes the parts of a chunked encode play as one (Join, Retime), and
// writes every view a player asks for from the same stored bytes: HLS (RFC 8216) and DASH (ISO/IEC 23009-1) manifests,
// I-frame lists, clips by range, progressive MP4, and Common Encryption (ISO/IEC 23001-7) in the cenc and cbcs schemes.
//
// It is not an encoder, knows no HTTP, stores nothing and checks nobody's permission. Every function that takes stored or
// received bytes is bounded and returns fault.Corrupt on bytes it cannot trust; it never panics on them.
package cmaf
