package library

import (
	"context"
	"maps"

	"showreel/fault"
)

// Patch changes what is not nil of an asset's metadata.
type Patch struct {
	Title       *string            `json:"title,omitempty"`
	Description *string            `json:"description,omitempty"`
	Tags        *[]string          `json:"tags,omitempty" doc:"replaces all tags"`
	AddTags     []string           `json:"addTags,omitempty" doc:"added to the tags"`
	RemoveTags  []string           `json:"removeTags,omitempty" doc:"taken from the tags"`
	Fields      *map[string]string `json:"fields,omitempty" doc:"replaces all custom fields"`
	SetFields   map[string]string  `json:"setFields,omitempty" doc:"merged into the custom fields; an empty value removes one"`
	Source      *string            `json:"source,omitempty"`
	Licence     *string            `json:"licence,omitempty"`
	Credit      *string            `json:"credit,omitempty"`
	Territories *[]string          `json:"territories,omitempty" doc:"ISO 3166-1 alpha-2 codes; an empty list is everywhere"`
	Platforms   *[]string          `json:"platforms,omitempty"`
	FromMS      *int64             `json:"fromMs,omitempty" doc:"UTC milliseconds; 0 is open"`
	ToMS        *int64             `json:"toMs,omitempty" doc:"UTC milliseconds; 0 is open"`
}

// AnyRev is the revision for changes that overwrite whatever is there.
const AnyRev int64 = -1

// Patch changes an asset's metadata if its revision is still rev (AnyRev does not ask). Errors: fault.NotFound,
// fault.Denied, fault.Invalid, fault.Stale, fault.Conflict in the trash.
func (s *Service) Patch(ctx context.Context, id string, rev int64, p Patch) (Asset, error) {
	tenant, err := s.may(ctx, "asset:update", "asset", id, "")
	if err != nil {
		return Asset{}, err
	}
	var out Asset
	err = s.write(ctx, tenant, func(c *change) error {
		out, err = c.patch(ctx, id, rev, p)
		return err
	})
	return out, err
}

func (c *change) patch(ctx context.Context, id string, rev int64, p Patch) (Asset, error) {
	a, err := lockAsset(ctx, c.Tx, c.tenant, id)
	if err != nil {
		return a, err
	}
	if a.TrashedMS > 0 {
		return a, fault.Say("library.patch", id, fault.Conflict, "in-trash", "This is in the trash; restore it to change it.")
	}
	if rev != AnyRev && rev != a.Rev {
		return a, fault.E("library.patch", id, fault.Stale, nil)
	}
	before := a
	if a, err = p.apply(a); err != nil {
		return a, err
	}
	changed := diff(before, a)
	if len(changed) == 0 {
		return a, nil
	}
	a.UpdatedMS, a.Rev = c.now, a.Rev+1
	if err := storeAsset(ctx, c.Tx, &a); err != nil {
		return a, err
	}
	if err := index(ctx, c.Tx, a); err != nil {
		return a, err
	}
	if err := c.record(ctx, "asset:update", id, changed); err != nil {
		return a, err
	}
	return a, c.event(ctx, "asset.updated", id, map[string]any{"changed": keysOf(changed), "rev": a.Rev})
}

// apply returns the asset with the patch cleaned and applied.
func (p Patch) apply(a Asset) (Asset, error) {
	steps := []error{
		setText(&a.Title, p.Title, "title", titleRunes, line),
		setText(&a.Description, p.Description, "description", descriptionRunes, prose),
		setText(&a.Source, p.Source, "source", rightsRunes, line),
		setText(&a.Licence, p.Licence, "licence", rightsRunes, line),
		setText(&a.Credit, p.Credit, "credit", rightsRunes, line),
		p.applyTags(&a),
		p.applyFields(&a),
		p.applyRights(&a),
	}
	for _, err := range steps {
		if err != nil {
			return a, err
		}
	}
	if a.Title == "" {
		a.Title = cut(titleOf(a.Name), titleRunes)
	}
	return a, nil
}

func setText(field *string, value *string, what string, max int, clean func(what, s string, max int) (string, error)) error {
	if value == nil {
		return nil
	}
	text, err := clean(what, *value, max)
	if err != nil {
		return err
	}
	*field = text
	return nil
}

func (p Patch) applyTags(a *Asset) error {
	tags := a.Tags
	if p.Tags != nil {
		tags = *p.Tags
	}
	drop := map[string]bool{}
	for _, t := range p.RemoveTags {
		drop[fold(t)] = true
	}
	kept := []string{}
	for _, t := range append(append([]string{}, tags...), p.AddTags...) {
		if !drop[fold(t)] {
			kept = append(kept, t)
		}
	}
	var err error
	a.Tags, err = cleanTags(kept)
	return err
}

func (p Patch) applyFields(a *Asset) error {
	merged := map[string]string{}
	if p.Fields != nil {
		maps.Copy(merged, *p.Fields)
	} else {
		maps.Copy(merged, a.Fields)
	}
	maps.Copy(merged, p.SetFields)
	var err error
	a.Fields, err = cleanFields(merged)
	return err
}

func (p Patch) applyRights(a *Asset) error {
	r := a.Rights
	if p.Territories != nil {
		r.Territories = *p.Territories
	}
	if p.Platforms != nil {
		r.Platforms = *p.Platforms
	}
	if p.FromMS != nil {
		r.FromMS = *p.FromMS
	}
	if p.ToMS != nil {
		r.ToMS = *p.ToMS
	}
	var err error
	a.Rights, err = r.clean()
	return err
}

// diff lists the changed properties with their value before and after.
func diff(a, b Asset) map[string]any {
	out := map[string]any{}
	for name, pair := range map[string][2]any{
		"title": {a.Title, b.Title}, "description": {a.Description, b.Description}, "tags": {a.Tags, b.Tags},
		"fields": {a.Fields, b.Fields}, "source": {a.Source, b.Source}, "licence": {a.Licence, b.Licence},
		"credit": {a.Credit, b.Credit}, "territories": {a.Territories, b.Territories}, "platforms": {a.Platforms, b.Platforms},
		"fromMs": {a.FromMS, b.FromMS}, "toMs": {a.ToMS, b.ToMS},
	} {
		if text(pair[0]) != text(pair[1]) {
			out[name] = pair
		}
	}
	return out
}
