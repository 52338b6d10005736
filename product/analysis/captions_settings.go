package analysis

import (
	"context"
	"net/http"

	"showreel/fault"
	"showreel/media"
	"showreel/platform/httpd"
	"showreel/platform/sqldb"
	"showreel/trust/access"
)

// The choices of a CaptionSetting.
const (
	CaptionsOn      = "on"
	CaptionsOff     = "off"
	CaptionsDefault = "" // as the tenant's; the tenant's own is on
)

// CaptionSetting says whether automatic captions are offered.
type CaptionSetting struct {
	Collection string `json:"collection,omitempty" doc:"its id; empty: everything else of the tenant"`
	Automatic  string `json:"automatic" enum:"on,off"`
	ChangedMS  int64  `json:"changedMs,omitempty"`
}

// captionSettings reads what was set; the tenant's own comes first.
func captionSettings(ctx context.Context, q sqldb.Querier, tenant string) ([]CaptionSetting, error) {
	return collect(ctx, q, func(r scanner) (c CaptionSetting, err error) {
		var on int
		err = r.Scan(&c.Collection, &on, &c.ChangedMS)
		c.Automatic = CaptionsOff
		if on == 1 {
			c.Automatic = CaptionsOn
		}
		return c, err
	}, `SELECT collection, automatic, changed_ms FROM analysis_captions WHERE tenant = $1 ORDER BY collection`, tenant)
}

// putCaptionSetting writes one choice; CaptionsDefault forgets it.
func putCaptionSetting(ctx context.Context, tx *sqldb.Tx, tenant, collection, automatic, by string) error {
	if automatic == CaptionsDefault {
		_, err := tx.ExecContext(ctx, `DELETE FROM analysis_captions WHERE tenant = $1 AND collection = $2`, tenant, collection)
		return err
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO analysis_captions (tenant, collection, automatic, created_by, changed_ms) VALUES ($1,$2,$3,$4,$5)
		ON CONFLICT (tenant, collection) DO UPDATE SET automatic = EXCLUDED.automatic, created_by = EXCLUDED.created_by, changed_ms = EXCLUDED.changed_ms`,
		tenant, collection, flag(automatic == CaptionsOn), by, sqldb.NowMS())
	return err
}

// CaptionSettings lists whether automatic captions are offered: the tenant's choice first, then those of collections.
func (s *Service) CaptionSettings(ctx context.Context) ([]CaptionSetting, error) {
	who, err := s.may(ctx, "settings:read", "settings", "captions")
	if err != nil {
		return nil, err
	}
	list, err := captionSettings(ctx, s.deps.DB.Read(), who.Tenant)
	if err != nil {
		return nil, fault.E("analysis.captions", who.Tenant, "", err)
	}
	if len(list) == 0 || list[0].Collection != "" {
		list = append([]CaptionSetting{{Automatic: CaptionsOn}}, list...)
	}
	return list, nil
}

// SetCaptions turns automatic captions on or off for a collection, or for everything else of the tenant. What is served
// follows within seconds. fault.NotFound for a collection that is not there.
func (s *Service) SetCaptions(ctx context.Context, collection, automatic string) ([]CaptionSetting, error) {
	who, err := s.may(ctx, "settings:write", "settings", "captions")
	if err != nil {
		return nil, err
	}
	if automatic != CaptionsOn && automatic != CaptionsOff && automatic != CaptionsDefault {
		return nil, fault.Say("analysis.captions", automatic, fault.Invalid, "bad-setting", "Automatic captions are on, off, or as the tenant's.")
	}
	if collection != "" {
		if _, err := s.deps.Library.Collection(ctx, collection); err != nil {
			return nil, err
		}
	}
	err = s.deps.DB.Write(ctx, func(tx *sqldb.Tx) error {
		if err := putCaptionSetting(ctx, tx, who.Tenant, collection, automatic, who.ID); err != nil {
			return err
		}
		data := map[string]any{"collection": collection, "automatic": automatic}
		if err := s.deps.Outbox.Write(ctx, tx, who.Tenant, "captions.changed", "captions", data); err != nil {
			return err
		}
		return s.noteDeed(ctx, tx, who.Tenant, "settings:write", "captions", "", data)
	})
	if err != nil {
		return nil, err
	}
	return s.CaptionSettings(access.With(ctx, access.System(who.Tenant)))
}

// captionsWanted decides for one asset: off in one of its collections is off, on in one is on, else the tenant's choice.
func (s *Service) captionsWanted(ctx context.Context, ref media.Ref) (bool, error) {
	list, err := captionSettings(ctx, s.deps.DB.Read(), ref.Tenant)
	if err != nil {
		return false, fault.E("analysis.captions", ref.Asset, "", err)
	}
	if len(list) == 0 {
		return true, nil
	}
	set := map[string]string{}
	for _, c := range list {
		set[c.Collection] = c.Automatic
	}
	in, err := s.deps.Library.CollectionsOf(ctx, ref.Asset)
	if err != nil {
		return false, err
	}
	on := set[""] != CaptionsOff
	for _, c := range in {
		switch set[c.ID] {
		case CaptionsOff:
			return false, nil
		case CaptionsOn:
			on = true
		}
	}
	return on, nil
}

// captionRoutes adds the routes over captions.
func (s *Service) captionRoutes(srv *httpd.Server) {
	httpd.Register(srv, operation(http.MethodGet, "/v1/settings/captions", "caption-settings", "Whether automatic captions are offered, for the tenant and for collections"), "settings:read",
		func(ctx context.Context, _ *struct{}) (*captionSettingsOut, error) {
			return captionSettingsPage(s.CaptionSettings(ctx))
		})
	httpd.Register(srv, operation(http.MethodPut, "/v1/settings/captions", "set-captions", "Turn automatic captions on or off, for everything or for a collection"), "settings:write",
		func(ctx context.Context, in *captionSettingIn) (*captionSettingsOut, error) {
			return captionSettingsPage(s.SetCaptions(ctx, in.Body.Collection, in.Body.Automatic))
		})
	httpd.Register(srv, operation(http.MethodGet, "/v1/assets/{id}/captions/{lang}/timing", "caption-timing", "How the captions that people brought lie to what is heard: late, early, drifting"), "asset:read",
		func(ctx context.Context, in *timingIn) (*timingOut, error) {
			t, err := s.CaptionTiming(ctx, in.ID, in.Version, in.Lang)
			return &timingOut{Body: t}, err
		})
	httpd.Register(srv, operation(http.MethodPost, "/v1/assets/{id}/captions/{lang}/align", "align-captions", "Move the captions that people brought to where their words are heard; the text stays"), "asset:update",
		func(ctx context.Context, in *timingIn) (*timingOut, error) {
			t, err := s.AlignCaptions(ctx, in.ID, in.Version, in.Lang)
			return &timingOut{Body: t}, err
		})
	httpd.Register(srv, operation(http.MethodPost, "/v1/assets/{id}/translation", "translate", "Ask for what is said in English, as a machine translation"), "asset:process",
		func(ctx context.Context, in *translateIn) (*reportOut, error) {
			r, err := s.Translate(ctx, in.ID, in.Version, in.Body.To)
			return &reportOut{Body: r}, err
		})
}

func captionSettingsPage(list []CaptionSetting, err error) (*captionSettingsOut, error) {
	total := int64(len(list))
	return &captionSettingsOut{Body: httpd.Page[CaptionSetting]{Items: list, Total: &total}}, err
}

type captionSettingsOut struct{ Body httpd.Page[CaptionSetting] }

type timingIn struct {
	ID      string `path:"id"`
	Lang    string `path:"lang" maxLength:"35" doc:"BCP 47"`
	Version int    `query:"version" minimum:"0" maximum:"1000000" doc:"0 or left out: the newest"`
}

type timingOut struct{ Body CaptionTiming }

type translateIn struct {
	ID      string `path:"id"`
	Version int    `query:"version" minimum:"0" maximum:"1000000" doc:"0 or left out: the newest"`
	Body    struct {
		To string `json:"to" minLength:"2" maxLength:"35" doc:"BCP 47; en is what the speech model can"`
	}
}

type captionSettingIn struct {
	Body struct {
		Collection string `json:"collection,omitempty" doc:"its id; left out: everything else of the tenant"`
		Automatic  string `json:"automatic,omitempty" enum:"on,off," doc:"on, off; empty for a collection: as the tenant's"`
	}
}
