package analysis

import (
	"context"
	"strings"

	"showreel/engine/blob"
	"showreel/fault"
	"showreel/platform/sqldb"
	"showreel/product/library"
	"showreel/trust/access"
)

// Redactions lists those of an asset, the newest first; id names one, "" all. Checks "asset:update": a draft may show what
// is to be hidden. Kind: fault.NotFound where id is given and none has it.
func (s *Service) Redactions(ctx context.Context, asset, id string) ([]Redaction, error) {
	a, _, err := s.version(ctx, "asset:update", asset, 0)
	if err != nil {
		return nil, err
	}
	list, err := redactionsOf(ctx, s.deps.DB.Read(), a.Tenant, asset, id)
	if err != nil {
		return nil, fault.E("analysis.redactions", asset, "", err)
	}
	if id != "" && len(list) == 0 {
		return nil, noRedaction(id)
	}
	return list, nil
}

// Signature is a person's word that nothing shows any more what had to be hidden.
type Signature struct {
	Name   string `json:"name" minLength:"2" maxLength:"120" doc:"of the person who has watched it to its end"`
	Anyway bool   `json:"anyway,omitempty" doc:"although the detectors still find something"`
	Title  string `json:"title,omitempty" maxLength:"200" doc:"of the asset that will play it; empty is the source's, redacted"`
}

// ApproveRedaction signs a draft: it becomes a rendition of the asset, named redacted-ID, and an asset of its own that is
// played like any other. What it replaces goes when it can be played. Checks "asset:approve"; only a person can sign, no key and no machine. Kinds: fault.Denied
// "person-needed", fault.Invalid "no-name", fault.Conflict "no-draft" and "still-found".
func (s *Service) ApproveRedaction(ctx context.Context, asset, id string, sign Signature) (Redaction, error) {
	return s.decide(ctx, asset, id, sign.Name, func(ctx context.Context, tx *sqldb.Tx, r *Redaction) error {
		if n := len(r.Report.Left); n > 0 && !sign.Anyway {
			return fault.Say("analysis.approve", id, fault.Conflict, "still-found", "The detectors still find %d things in it. Watch those places; if they may stay, approve it with anyway.", n)
		}
		r.State = RedactionApproved
		kind, role := "mp4", "redacted"
		out := []library.Rendition{{Name: "redacted-" + id, Role: role, Codec: kind, Width: r.Report.Width, Height: r.Report.Height, Title: "Redacted: " + list(r.Ask.What),
			Key: r.key, Bytes: r.Report.Bytes, SHA256: r.Report.SHA256, State: library.RenditionReady,
			Meta: map[string]any{"redaction": id, "approvedBy": access.WhoFrom(ctx).ID, "approvedName": r.DecidedName}}}
		if err := s.deps.Library.InTx(tx).PutRenditions(asSystem(ctx, r.tenant), r.ref(), out); err != nil {
			return err
		}
		if s.deps.Publish == nil {
			return nil
		}
		return s.deps.Flow.StartIn(ctx, tx, flowPublish, "redaction/"+id+"/publish", publishStart{ID: id, Ref: r.ref(), Title: sign.Title})
	})
}

// RejectRedaction refuses a draft; its file goes.
func (s *Service) RejectRedaction(ctx context.Context, asset, id, name string) (Redaction, error) {
	return s.decide(ctx, asset, id, name, func(ctx context.Context, tx *sqldb.Tx, r *Redaction) error {
		r.State = RedactionRejected
		keys := []string{r.key, r.captions}
		tx.OnCommit(func() {
			for _, key := range keys {
				if key == "" {
					continue
				}
				if err := s.deps.Blobs.Processed.Delete(context.WithoutCancel(ctx), key); err != nil && !fault.Is(err, fault.NotFound) {
					s.deps.Log.WarnContext(ctx, "the file of a rejected redaction was left behind; it goes with its asset", "key", key, "err", err)
				}
			}
		})
		return nil
	})
}

func (s *Service) decide(ctx context.Context, asset, id, name string, change func(context.Context, *sqldb.Tx, *Redaction) error) (Redaction, error) {
	const op = "analysis.approve"
	a, _, err := s.version(ctx, "asset:approve", asset, 0)
	if err != nil {
		return Redaction{}, err
	}
	who := access.WhoFrom(ctx)
	if who.Kind != access.KindUser {
		return Redaction{}, fault.Say(op, id, fault.Denied, "person-needed", "A person has to sign this; sign in as yourself.")
	}
	if name = strings.TrimSpace(name); len(name) < 2 {
		return Redaction{}, fault.Say(op, id, fault.Invalid, "no-name", "Sign with your name.")
	}
	var out Redaction
	err = s.deps.DB.Write(ctx, func(tx *sqldb.Tx) error {
		r, err := lockRedaction(ctx, tx, a.Tenant, asset, id)
		if err != nil {
			return err
		}
		if r.State != RedactionDraft {
			return fault.Say(op, id, fault.Conflict, "no-draft", "It is %s; only a draft can be signed or rejected.", r.State)
		}
		r.DecidedBy, r.DecidedName, r.DecidedMS = who.ID, name, sqldb.NowMS()
		if err := change(ctx, tx, &r); err != nil {
			return err
		}
		if err := putRedaction(ctx, tx, r); err != nil {
			return err
		}
		if err := s.redactionAudit(ctx, tx, r, "asset:approve", map[string]any{"redaction": id, "state": r.State, "name": name, "left": len(r.Report.Left), "sha256": r.Report.SHA256}); err != nil {
			return err
		}
		out = r
		return s.redactionEvent(ctx, tx, r)
	})
	return out, err
}

// redactionFile finds a redaction's file, or its captions. A draft is for those who may approve it; what is approved for
// those who may play the asset.
func (s *Service) redactionFile(ctx context.Context, asset, id string, captions bool) (blob.Info, string, error) {
	if err := s.deps.Access.Check(ctx, "asset:play", access.Resource{Kind: "asset", ID: asset}); err != nil {
		return blob.Info{}, "", err
	}
	a, err := s.deps.Library.Get(ctx, asset)
	if err != nil {
		return blob.Info{}, "", err
	}
	list, err := redactionsOf(ctx, s.deps.DB.Read(), a.Tenant, asset, id)
	if err != nil || len(list) == 0 || id == "" {
		return blob.Info{}, "", noRedaction(id)
	}
	r := list[0]
	if r.State != RedactionApproved {
		if err := s.deps.Access.Check(ctx, "asset:approve", access.Resource{Kind: "asset", ID: asset}); err != nil {
			return blob.Info{}, "", fault.Say("analysis.redaction", id, fault.Denied, "not-signed", "Nobody has signed this yet; it can be played when somebody has.")
		}
	} else if err := s.deps.Library.Usable(asSystem(ctx, a.Tenant), asset, "", "web", sqldb.NowMS()); err != nil {
		return blob.Info{}, "", err
	}
	key, kind := r.key, "video/mp4"
	if captions {
		key, kind = r.captions, "text/vtt; charset=utf-8"
	} else if r.Report.Width == 0 {
		kind = "audio/mp4"
	}
	if key == "" {
		return blob.Info{}, "", fault.Say("analysis.redaction", id, fault.NotFound, "no-file", "There is no file of it yet, or none any more.")
	}
	info, err := s.deps.Blobs.Processed.Stat(ctx, key)
	return info, kind, err
}
