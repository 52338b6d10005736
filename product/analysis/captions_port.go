package analysis

import (
	"context"

	"showreel/engine/transcode"
	"showreel/media"
)

// MachineCaptions is a caption track that no person wrote.
type MachineCaptions = struct {
	Name       string          // of the rendition: t-en-auto
	Lang       string          // BCP 47
	Title      string          // for people; says that it is a machine's
	Model      string          // id and version of what heard or translated it
	Translated bool            // of another language
	Corrected  int             // utterances that people corrected
	Cues       []transcode.Cue // by start; none takes the track away
}

// Captioner serves captions. The house plugs in product/ingest.
type Captioner interface {
	// PutMachineCaptions makes the served track what it says, without touching what people brought. fault.Conflict
	// "not-ready" while the version is not the published one.
	PutMachineCaptions(ctx context.Context, ref media.Ref, c MachineCaptions) (changed bool, err error)
	// RewriteCaptions makes a person's caption track of its cues on the timeline as they are now.
	RewriteCaptions(ctx context.Context, ref media.Ref, name string) error
}
