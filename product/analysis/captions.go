package analysis

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"showreel/engine/transcode"
	"showreel/fault"
	"showreel/media"
	"showreel/platform/cmaf"
	"showreel/platform/outbox"
	"showreel/platform/sqldb"
)

// Automatic captions are the transcript cut into cues and served beside the picture: as soon as there is a transcript of a
// published version, and again whenever a person corrects it. They say that they are automatic, give way to captions that
// people brought in their language, and can be turned off for a tenant or a collection.

// captionsConsumer is the name of the captions' place in the events.
const captionsConsumer = "analysis captions"

// The names of machines' caption tracks: t-en-auto, t-en-translated.
const (
	autoSuffix       = "-auto"
	translatedSuffix = "-translated"
)

// watchCaptions keeps the served captions what transcripts say, until ctx ends.
func (s *Service) watchCaptions(ctx context.Context) error {
	if s.deps.Captions == nil {
		<-ctx.Done()
		return nil
	}
	err := s.deps.Outbox.Consume(ctx, captionsConsumer, []string{"annotations.written", "asset.published", "collection.changed", "captions.changed"}, s.recaption)
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// recaption writes anew what an event is about.
func (s *Service) recaption(ctx context.Context, e outbox.Event) error {
	var told struct {
		Version int         `json:"version"`
		Track   media.Track `json:"track"`
		Change  string      `json:"change"`
		Assets  []string    `json:"assets"`
	}
	if err := json.Unmarshal(e.Data, &told); err != nil {
		return fault.E("analysis.captions", e.Subject, fault.Corrupt, err)
	}
	ctx = asSystem(ctx, e.Tenant)
	switch e.Name {
	case "annotations.written":
		if told.Track != media.TrackSpeech && told.Track != media.TrackTranslation {
			return nil
		}
	case "collection.changed":
		return s.regrouped(ctx, e.Tenant, e.Subject, told.Change, told.Assets)
	case "captions.changed": // they were turned on or off
		return s.recaptionAll(ctx, e.Tenant)
	}
	return s.refreshCaptions(ctx, media.Ref{Tenant: e.Tenant, Asset: e.Subject, Version: told.Version})
}

// regrouped follows a collection whose captions are set otherwise than the tenant's.
func (s *Service) regrouped(ctx context.Context, tenant, collection, change string, assets []string) error {
	set, err := captionSettings(ctx, s.deps.DB.Read(), tenant)
	if err != nil || !slices.ContainsFunc(set, func(c CaptionSetting) bool { return c.Collection == collection }) {
		return err
	}
	if change == "deleted" {
		err := s.deps.DB.Write(ctx, func(tx *sqldb.Tx) error { return putCaptionSetting(ctx, tx, tenant, collection, "", "") })
		if err != nil {
			return err
		}
		return s.recaptionAll(ctx, tenant)
	}
	for _, asset := range assets {
		a, err := s.deps.Library.Get(ctx, asset)
		if err == nil {
			err = s.refreshCaptions(ctx, a.At(max(a.Published, 1)))
		}
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
	}
	return nil
}

// recaptionAll writes the captions of everything that a tenant has had heard.
func (s *Service) recaptionAll(ctx context.Context, tenant string) error {
	list, err := collect(ctx, s.deps.DB.Read(), func(r scanner) (ref media.Ref, err error) {
		ref.Tenant = tenant
		return ref, r.Scan(&ref.Asset, &ref.Version)
	}, `SELECT asset, version FROM analysis_states WHERE tenant = $1 AND ability = $2 ORDER BY asset, version`, tenant, Speech)
	if err != nil {
		return fault.E("analysis.captions", tenant, "", err)
	}
	for _, ref := range list {
		if err := s.refreshCaptions(ctx, ref); err != nil {
			return err
		}
	}
	return nil
}

// refreshCaptions makes the served automatic tracks of a version what its transcript and its translation say now. Nothing
// is served of a version that is not published, or while its transcript is being made.
func (s *Service) refreshCaptions(ctx context.Context, ref media.Ref) error {
	a, err := s.deps.Library.Get(ctx, ref.Asset)
	if fault.Is(err, fault.NotFound) {
		return nil // purged meanwhile
	}
	if err != nil || a.Published != ref.Version || a.Kind != media.Video && a.Kind != media.Audio {
		return err
	}
	wanted, err := s.captionsWanted(ctx, ref)
	if err != nil {
		return err
	}
	made, err := s.machineTracks(ctx, ref)
	if err != nil {
		return err
	}
	stand, err := standings(ctx, s.deps.DB.Read(), ref)
	if err != nil {
		return fault.E("analysis.captions", ref.Asset, "", err)
	}
	for _, kind := range []struct {
		ability, suffix string
		track           media.Track
	}{{Speech, autoSuffix, media.TrackSpeech}, {Translation, translatedSuffix, media.TrackTranslation}} {
		old := slices.DeleteFunc(slices.Clone(made), func(name string) bool { return !strings.HasSuffix(name, kind.suffix) })
		state := stand[kind.ability].State
		if !state.Over() || state != Done && len(old) == 0 {
			continue
		}
		c := MachineCaptions{}
		if wanted {
			if c, err = s.machineCaptions(ctx, ref, kind.track); err != nil {
				return err
			}
		}
		if err := s.serveCaptions(ctx, ref, c, old); err != nil {
			return err
		}
	}
	return nil
}

// serveCaptions puts one track in the place of those that were served before.
func (s *Service) serveCaptions(ctx context.Context, ref media.Ref, c MachineCaptions, old []string) error {
	for _, name := range old {
		if name != c.Name {
			if _, err := s.deps.Captions.PutMachineCaptions(ctx, ref, MachineCaptions{Name: name}); err != nil {
				return err
			}
		}
	}
	if c.Name == "" {
		return nil
	}
	_, err := s.deps.Captions.PutMachineCaptions(ctx, ref, c)
	if fault.Is(err, fault.Conflict) || fault.Is(err, fault.NotFound) {
		return nil // another version was published meanwhile, or the asset has gone
	}
	return err
}

// machineTracks names the machines' caption renditions of a version.
func (s *Service) machineTracks(ctx context.Context, ref media.Ref) ([]string, error) {
	list, err := s.deps.Library.Renditions(ctx, ref)
	var out []string
	for _, r := range list {
		if r.Codec == "wvtt" && (strings.HasSuffix(r.Name, autoSuffix) || strings.HasSuffix(r.Name, translatedSuffix)) {
			out = append(out, r.Name)
		}
	}
	return out, err
}

// machineCaptions cuts a transcript into what is served. The zero value stands for nothing said.
func (s *Service) machineCaptions(ctx context.Context, ref media.Ref, track media.Track) (MachineCaptions, error) {
	t, err := s.transcriptOn(ctx, ref, track)
	if err != nil || len(t.Utterances) == 0 {
		return MachineCaptions{}, err
	}
	c := MachineCaptions{Lang: t.Lang, Model: strings.Join(t.Models, ", "), Translated: track == media.TrackTranslation}
	what, suffix := "automatic", autoSuffix
	if c.Translated {
		what, suffix = "machine translation", translatedSuffix
	}
	if c.Lang == "" {
		c.Lang = "und"
	}
	c.Name = "t-" + strings.ToLower(c.Lang) + suffix
	c.Title = cmaf.LanguageName(c.Lang) + " (" + what + ")"
	for _, u := range t.Utterances {
		if u.LockedBy != "" {
			c.Corrected++
		}
	}
	for _, cue := range t.Cues() {
		c.Cues = append(c.Cues, transcode.Cue{Range: cue.Range, Text: strings.Join(cue.Lines, "\n")})
	}
	return c, nil
}
