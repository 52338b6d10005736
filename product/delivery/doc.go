// Package delivery brings films to viewers: HLS and DASH manifests, segments, clips, downloads, keys and pictures, all made
// at request time from one stored CMAF file per rendition. It is the seed's CloudFront and delivery layer.
//
// The permission to play is a token in the path, so that every relative address inherits it on every player:
//
//	POST /v1/assets/{id}/play                 → an address that may play for a while
//	GET  /v/{token}/{asset}/{ver}/master.m3u8 → HLS; manifest.mpd → DASH; v1080-avc/12.m4s → a segment
//
// Rights windows (instant, territory, platform) are checked when a token is made, and again at every manifest and key. The
// encrypted forms (cenc, cbcs with ClearKey) are encrypted delivery: they keep files useless to caches and copies on the way,
// but a viewer who may play can obtain the key. They are no robust DRM.
//
// Not for: making renditions (ingest does), the container formats (platform/cmaf), who is signed in (trust/access).
package delivery
