package analysis

import (
	"context"
	"slices"

	"showreel/engine/flow"
	"showreel/fault"
	"showreel/media"
	"showreel/platform/sqldb"
	"showreel/product/library"
)

// flowPublish is the workflow's name, which is stored with every run.
const flowPublish = "redaction-publish"

// publishStart is the input of a run.
type publishStart struct {
	ID    string    `json:"id"`
	Ref   media.Ref `json:"ref"`
	Title string    `json:"title,omitempty"`
}

// TagRedacted is on every asset that plays a redaction; FieldSource names the asset that it was made of.
const (
	TagRedacted = "redacted"
	FieldSource = "redacted from"
)

// publishRedaction is the workflow of a signature: the signed file becomes an asset, and takes the place of what it replaces.
func (s *Service) publishRedaction(c flow.Ctx, in publishStart) (string, error) {
	t := &target{s: s, ref: in.Ref, run: "redaction/" + in.ID, lane: LaneAsked}
	asset, err := step(c, t, "derive", func(ctx context.Context) (string, error) { return s.deriveStep(ctx, t, in) })
	if err != nil || asset == "" {
		return "", err
	}
	_, err = step(c, t, "replace", func(ctx context.Context) (bool, error) { return true, s.replaceStep(ctx, in, asset) })
	return asset, err
}

// deriveStep takes the file in. Repeated, it finds the asset that the same bytes gave.
func (s *Service) deriveStep(ctx context.Context, t *target, in publishStart) (string, error) {
	list, err := redactionsOf(ctx, s.deps.DB.Read(), in.Ref.Tenant, in.Ref.Asset, in.ID)
	if err != nil || len(list) == 0 || list[0].State != RedactionApproved {
		return "", err // purged or replaced meanwhile
	}
	r := list[0]
	source, err := s.deps.Library.Get(ctx, in.Ref.Asset)
	if fault.Is(err, fault.NotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	about := library.NewAsset{Title: in.Title, Description: source.Description, Tags: append(slices.Clone(source.Tags), TagRedacted), Rights: source.Rights,
		Fields: map[string]string{FieldSource: source.ID, "redaction": r.ID, "signed by": r.DecidedName}}
	if about.Title == "" {
		about.Title = source.Title + " (redacted)"
	}
	name := "redacted-" + r.ID + ".mp4"
	asset, err := s.deps.Publish.Derive(ctx, r.key, name, about)
	if err != nil {
		return "", err
	}
	inputs := []string{source.ID, r.key}
	return asset, s.deps.Library.Record(ctx, media.Ref{Tenant: in.Ref.Tenant, Asset: asset, Version: 1},
		library.LedgerEntry{Output: asset, Inputs: inputs, Tool: r.Report.Tool, Settings: map[string]any{"redaction": r.ID, "sha256": r.Report.SHA256, "signedBy": r.DecidedBy}})
}

// replaceStep says where the redaction is played, and takes down what it replaces.
func (s *Service) replaceStep(ctx context.Context, in publishStart, asset string) error {
	var r Redaction
	err := s.deps.DB.Write(ctx, func(tx *sqldb.Tx) error {
		var err error
		if r, err = lockRedaction(ctx, tx, in.Ref.Tenant, in.Ref.Asset, in.ID); err != nil {
			return err
		}
		r.Published = asset
		if err := putRedaction(ctx, tx, r); err != nil {
			return err
		}
		if err := s.redactionAudit(ctx, tx, r, "asset:approve", map[string]any{"redaction": r.ID, "published": asset}); err != nil {
			return err
		}
		return s.redactionEvent(ctx, tx, r)
	})
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil || r.Replaces == "" {
		return err
	}
	return s.takeDown(ctx, r.ref(), r.Replaces, r.ID)
}

// takeDown ends a redaction that shows too much: its asset goes to the trash, its rendition and file go.
func (s *Service) takeDown(ctx context.Context, ref media.Ref, id, by string) error {
	var old Redaction
	err := s.deps.DB.Write(ctx, func(tx *sqldb.Tx) error {
		var err error
		if old, err = lockRedaction(ctx, tx, ref.Tenant, ref.Asset, id); err != nil || old.State == RedactionReplaced {
			return err
		}
		old.State = RedactionReplaced
		if err := putRedaction(ctx, tx, old); err != nil {
			return err
		}
		lib := s.deps.Library.InTx(tx)
		if err := lib.DropRendition(ctx, old.ref(), "redacted-"+id); err != nil {
			return err
		}
		if old.Published != "" {
			if _, err := lib.Trash(ctx, old.Published); err != nil && !fault.Is(err, fault.NotFound) {
				return err
			}
		}
		if err := s.redactionAudit(ctx, tx, old, "asset:trash", map[string]any{"redaction": id, "replacedBy": by, "asset": old.Published}); err != nil {
			return err
		}
		return s.redactionEvent(ctx, tx, old)
	})
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, key := range []string{old.key, old.captions} {
		if key == "" {
			continue
		}
		if err := s.deps.Blobs.Processed.Delete(ctx, key); err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
	}
	return nil
}
