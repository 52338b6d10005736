package library

import (
	"context"
	"strings"

	"showreel/fault"
	"showreel/media"
	"showreel/platform/sqldb"
)

// Create adds an asset, with its first version if Original is given. Errors: fault.Denied, fault.Invalid for texts that
// are too long or rights that contradict themselves, fault.NotFound for a collection that does not exist.
func (s *Service) Create(ctx context.Context, in NewAsset) (Asset, error) {
	tenant, err := s.may(ctx, "asset:create", "asset", "", "")
	if err != nil {
		return Asset{}, err
	}
	a, err := in.asset(tenant)
	if err != nil {
		return Asset{}, err
	}
	if in.Original != nil {
		if err := in.Original.check(); err != nil {
			return Asset{}, err
		}
	}
	err = s.write(ctx, tenant, func(c *change) error { return c.create(ctx, &a, in) })
	return a, err
}

func (in NewAsset) asset(tenant string) (Asset, error) {
	var err error
	a := Asset{ID: sqldb.NewID(), Tenant: tenant, Kind: in.Kind, Name: CleanName(in.Name), State: Received, Rev: 1}
	if a.Title, err = line("title", in.Title, titleRunes); err != nil {
		return a, err
	}
	if a.Title == "" {
		a.Title = cut(titleOf(a.Name), titleRunes)
	}
	if a.Description, err = prose("description", in.Description, descriptionRunes); err != nil {
		return a, err
	}
	if a.Tags, err = cleanTags(in.Tags); err != nil {
		return a, err
	}
	if a.Fields, err = cleanFields(in.Fields); err != nil {
		return a, err
	}
	if a.Rights, err = in.Rights.clean(); err != nil {
		return a, err
	}
	return a, nil
}

func (c *change) create(ctx context.Context, a *Asset, in NewAsset) error {
	a.CreatedMS, a.UpdatedMS, a.CreatedBy = c.now, c.now, c.who.ID
	if in.Original != nil {
		a.carry(1, *in.Original)
	}
	if err := insertAsset(ctx, c.Tx, *a); err != nil {
		return err
	}
	if err := index(ctx, c.Tx, *a); err != nil {
		return err
	}
	for _, id := range in.Collections {
		if err := c.join(ctx, id, a.ID); err != nil {
			return err
		}
	}
	if in.Original != nil {
		if err := c.insertVersion(ctx, *a, *in.Original); err != nil {
			return err
		}
	}
	return c.done(ctx, "asset:create", "asset.created", a.ID, map[string]any{
		"name": a.Name, "title": a.Title, "kind": a.Kind, "version": a.Version, "sha256": a.SHA256, "bytes": a.Bytes,
	})
}

// carry gives the asset the facts of its newest version.
func (a *Asset) carry(number int, v VersionIn) {
	a.Version, a.SHA256, a.Bytes = number, v.SHA256, v.Bytes
	if v.Name != "" {
		a.Name = CleanName(v.Name)
	}
	a.measure(v.Info)
}

// measure takes kind, length and size from what probing found.
func (a *Asset) measure(info media.Info) {
	if info.Kind == "" {
		return
	}
	a.Kind, a.DurationMS, a.Width, a.Height = info.Kind, info.Duration.MS(), 0, 0
	if v := info.Main("video"); v != nil {
		a.Width, a.Height = v.Shown()
	}
}

func (v VersionIn) check() error {
	if len(v.SHA256) != 64 || strings.Trim(v.SHA256, "0123456789abcdef") != "" || v.Key == "" || v.Bytes < 0 {
		return fault.E("library.version", v.Name, fault.Invalid, nil)
	}
	return nil
}

// AddVersion adds an original to an asset. Earlier versions, their renditions and annotations stay. The new one is the
// asset's newest at once; it is published when SetState makes it ready.
func (s *Service) AddVersion(ctx context.Context, asset string, in VersionIn) (Version, error) {
	tenant, err := s.may(ctx, "asset:update", "asset", asset, "")
	if err != nil {
		return Version{}, err
	}
	if err := in.check(); err != nil {
		return Version{}, err
	}
	var out Version
	err = s.write(ctx, tenant, func(c *change) error {
		a, err := lockAsset(ctx, c.Tx, tenant, asset)
		if err != nil {
			return err
		}
		a.carry(a.Version+1, in)
		a.setState(Received)
		a.Error, a.UpdatedMS, a.Rev = nil, c.now, a.Rev+1
		if err := storeAsset(ctx, c.Tx, &a); err != nil {
			return err
		}
		if err := index(ctx, c.Tx, a); err != nil {
			return err
		}
		if err := c.insertVersion(ctx, a, in); err != nil {
			return err
		}
		if out, err = findVersion(ctx, c.Tx, a.Ref()); err != nil {
			return err
		}
		return c.done(ctx, "asset:update", "asset.updated", a.ID, map[string]any{"version": a.Version, "sha256": in.SHA256, "bytes": in.Bytes})
	})
	return out, err
}

// insertVersion writes the row and takes the file back from the sweeper, should its last owner have been purged.
func (c *change) insertVersion(ctx context.Context, a Asset, in VersionIn) error {
	v := Version{
		ID: sqldb.NewID(), Asset: a.ID, Number: a.Version, Name: a.Name, SHA256: in.SHA256, Key: in.Key, Bytes: in.Bytes,
		Info: in.Info, State: Received, CreatedMS: c.now, CreatedBy: c.who.ID,
	}
	if err := insertVersion(ctx, c.Tx, c.tenant, v); err != nil {
		return err
	}
	_, err := c.ExecContext(ctx, `DELETE FROM library_garbage WHERE tenant = $1 AND store = 'raw' AND blob_key = $2`, c.tenant, in.Key)
	return err
}

// SetInfo stores what probing found about a version, and with the newest one the asset's kind, length and size.
func (s *Service) SetInfo(ctx context.Context, ref media.Ref, info media.Info) error {
	tenant, err := s.may(ctx, "asset:process", "asset", ref.Asset, ref.Tenant)
	if err != nil {
		return err
	}
	return s.write(ctx, tenant, func(c *change) error {
		a, err := lockAsset(ctx, c.Tx, tenant, ref.Asset)
		if err != nil {
			return err
		}
		if err := storeInfo(ctx, c.Tx, a.At(ref.Version), info); err != nil {
			return err
		}
		if ref.Version == a.Version {
			a.measure(info)
			a.UpdatedMS = c.now
			if err := storeAsset(ctx, c.Tx, &a); err != nil {
				return err
			}
		}
		return c.record(ctx, "asset:process", a.ID, map[string]any{"version": ref.Version, "kind": info.Kind, "durationMs": info.Duration.MS()})
	})
}

// SetState moves a version on. cause is why it failed or is held, else nil. The asset shows the newest version's state;
// a version that becomes ready is published unless a newer one is. An asset in the trash stays there and shows the state
// when it is restored. The caller writes the event that says what happened: asset.published, asset.failed.
func (s *Service) SetState(ctx context.Context, ref media.Ref, state State, cause error) error {
	tenant, err := s.may(ctx, "asset:process", "asset", ref.Asset, ref.Tenant)
	if err != nil {
		return err
	}
	if !state.Known() {
		return fault.Say("library.state", ref.Asset, fault.Invalid, "bad-state", "%q is not a state that processing sets.", string(state))
	}
	var failure *Failure
	if cause != nil {
		failure = &Failure{Kind: string(fault.KindOf(cause)), Code: fault.CodeOf(cause), Text: fault.TextOf(cause)}
	}
	return s.write(ctx, tenant, func(c *change) error {
		a, err := lockAsset(ctx, c.Tx, tenant, ref.Asset)
		if err != nil {
			return err
		}
		if err := storeVersionState(ctx, c.Tx, a.At(ref.Version), state, failure); err != nil {
			return err
		}
		if ref.Version == a.Version {
			a.setState(state)
			a.Error = failure
		}
		if state == Ready {
			a.Published = max(a.Published, ref.Version)
		}
		a.UpdatedMS = c.now
		if err := storeAsset(ctx, c.Tx, &a); err != nil {
			return err
		}
		return c.record(ctx, "asset:process", a.ID, map[string]any{"version": ref.Version, "state": state, "error": failure})
	})
}
