package library

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"showreel/fault"
	"showreel/media"
	"showreel/platform/sqldb"
)

const assetColumns = `id, tenant, kind, name, title, description, tags, fields, source, licence, credit, territories, platforms,
	from_ms, to_ms, state, version, published, duration_ms, width, height, bytes, sha256, created_ms, updated_ms, trashed_ms,
	created_by, rev, error`

type scanner interface{ Scan(dest ...any) error }

func scanAsset(row scanner) (Asset, error) {
	var a Asset
	var tags, fields, territories, platforms, failure string
	err := row.Scan(&a.ID, &a.Tenant, &a.Kind, &a.Name, &a.Title, &a.Description, &tags, &fields, &a.Source, &a.Licence,
		&a.Credit, &territories, &platforms, &a.FromMS, &a.ToMS, &a.stored, &a.Version, &a.Published, &a.DurationMS,
		&a.Width, &a.Height, &a.Bytes, &a.SHA256, &a.CreatedMS, &a.UpdatedMS, &a.TrashedMS, &a.CreatedBy, &a.Rev, &failure)
	if err != nil {
		return a, err
	}
	a.setState(a.stored)
	for _, f := range []struct {
		text string
		into any
	}{{tags, &a.Tags}, {fields, &a.Fields}, {territories, &a.Territories}, {platforms, &a.Platforms}, {failure, &a.Error}} {
		if f.text == "" {
			continue
		}
		if err := json.Unmarshal([]byte(f.text), f.into); err != nil {
			return a, fault.E("library.asset", a.ID, fault.Corrupt, err)
		}
	}
	return a, nil
}

// setState sets the stored state and what is shown of it.
func (a *Asset) setState(s State) {
	a.stored, a.State = s, s
	if a.TrashedMS > 0 {
		a.State = Trashed
	}
}

// values are the asset's columns from tenant to error with title_key and bin, in the order of insertAsset.
func (a Asset) values() []any {
	failure := ""
	if a.Error != nil {
		failure = text(a.Error)
	}
	bin := 0
	if a.TrashedMS > 0 {
		bin = 1
	}
	return []any{
		a.ID, a.Tenant, string(a.Kind), a.Name, a.Title, titleKey(a.Title), a.Description, text(a.Tags), text(a.Fields),
		a.Source, a.Licence, a.Credit, text(a.Territories), text(a.Platforms), a.FromMS, a.ToMS, string(a.stored), a.Version,
		a.Published, a.DurationMS, a.Width, a.Height, a.Bytes, a.SHA256, a.UpdatedMS, a.TrashedMS, bin, failure,
	}
}

func insertAsset(ctx context.Context, tx *sqldb.Tx, a Asset) error {
	a.setState(a.State)
	_, err := tx.ExecContext(ctx, `INSERT INTO library_assets (id, tenant, kind, name, title, title_key, description, tags, fields,
		source, licence, credit, territories, platforms, from_ms, to_ms, state, version, published, duration_ms, width, height,
		bytes, sha256, updated_ms, trashed_ms, bin, error, created_ms, created_by, rev)
		VALUES (`+places(1, 31)+`)`, append(a.values(), a.CreatedMS, a.CreatedBy, a.Rev)...)
	return err
}

// storeAsset writes the whole row, which the caller has locked.
func storeAsset(ctx context.Context, tx *sqldb.Tx, a *Asset) error {
	_, err := tx.ExecContext(ctx, `UPDATE library_assets SET kind = $3, name = $4, title = $5, title_key = $6, description = $7,
		tags = $8, fields = $9, source = $10, licence = $11, credit = $12, territories = $13, platforms = $14, from_ms = $15,
		to_ms = $16, state = $17, version = $18, published = $19, duration_ms = $20, width = $21, height = $22, bytes = $23,
		sha256 = $24, updated_ms = $25, trashed_ms = $26, bin = $27, error = $28, rev = $29
		WHERE id = $1 AND tenant = $2`, append(a.values(), a.Rev)...)
	return err
}

// lockAsset reads the row and keeps other transactions from changing it until this one ends: on SQLite the writer has
// the database, on Postgres the update that changes nothing takes the row's lock.
func lockAsset(ctx context.Context, tx *sqldb.Tx, tenant, id string) (Asset, error) {
	if _, err := tx.ExecContext(ctx, `UPDATE library_assets SET rev = rev WHERE id = $1 AND tenant = $2`, id, tenant); err != nil {
		return Asset{}, err
	}
	return findAsset(ctx, tx, tenant, id)
}

func findAsset(ctx context.Context, q sqldb.Querier, tenant, id string) (Asset, error) {
	a, err := scanAsset(q.QueryRowContext(ctx, `SELECT `+assetColumns+` FROM library_assets WHERE id = $1 AND tenant = $2`, id, tenant))
	if sqldb.NotFound(err) {
		return a, missing("library.get", id)
	}
	if err != nil {
		return a, fault.E("library.get", id, "", err)
	}
	return a, nil
}

func selectAssets(ctx context.Context, q sqldb.Querier, rest string, args ...any) ([]Asset, error) {
	return collect(ctx, q, scanAsset, `SELECT `+assetColumns+` FROM library_assets `+rest, args...)
}

// index rewrites what the asset is found by: its tags and its words.
func index(ctx context.Context, tx *sqldb.Tx, a Asset) error {
	for _, table := range []string{"library_tags", "library_terms"} {
		if _, err := tx.ExecContext(ctx, `DELETE FROM `+table+` WHERE asset = $1`, a.ID); err != nil {
			return err
		}
	}
	for _, tag := range a.Tags {
		if _, err := tx.ExecContext(ctx, `INSERT INTO library_tags (tenant, tag, label, asset) VALUES ($1,$2,$3,$4)`, a.Tenant, fold(tag), tag, a.ID); err != nil {
			return err
		}
	}
	words := terms(a.Title, a.Name, strings.Join(a.Tags, " "), a.Credit, a.Source, fieldWords(a.Fields), a.Description)
	if len(words) == 0 {
		return nil
	}
	rows := make([]string, len(words))
	args := []any{a.Tenant, a.ID}
	for n, w := range words {
		args = append(args, code(w))
		rows[n] = `($1,$` + strconv.Itoa(len(args)) + `,$2)`
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO library_terms (tenant, term, asset) VALUES `+strings.Join(rows, ",")+` ON CONFLICT DO NOTHING`, args...)
	return err
}

// fieldWords are the values of custom fields, in the order of their names.
func fieldWords(fields map[string]string) string {
	var out []string
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		out = append(out, fields[key])
	}
	return strings.Join(out, " ")
}

const versionColumns = `id, asset, number, name, sha256, blob_key, bytes, info, state, created_ms, created_by, error`

func scanVersion(row scanner) (Version, error) {
	var v Version
	var info, failure string
	err := row.Scan(&v.ID, &v.Asset, &v.Number, &v.Name, &v.SHA256, &v.Key, &v.Bytes, &info, &v.State, &v.CreatedMS, &v.CreatedBy, &failure)
	if err != nil {
		return v, err
	}
	if err := json.Unmarshal([]byte(info), &v.Info); err != nil {
		return v, fault.E("library.version", v.ID, fault.Corrupt, err)
	}
	if failure != "" {
		if err := json.Unmarshal([]byte(failure), &v.Error); err != nil {
			return v, fault.E("library.version", v.ID, fault.Corrupt, err)
		}
	}
	return v, nil
}

func insertVersion(ctx context.Context, tx *sqldb.Tx, tenant string, v Version) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO library_versions (id, asset, number, name, sha256, blob_key, bytes, info, state, created_ms, created_by, error, tenant)
		VALUES (`+places(1, 13)+`)`, v.ID, v.Asset, v.Number, v.Name, v.SHA256, v.Key, v.Bytes, text(v.Info), string(v.State), v.CreatedMS, v.CreatedBy, "", tenant)
	return err
}

func findVersion(ctx context.Context, q sqldb.Querier, ref media.Ref) (Version, error) {
	v, err := scanVersion(q.QueryRowContext(ctx, `SELECT `+versionColumns+` FROM library_versions WHERE tenant = $1 AND asset = $2 AND number = $3`,
		ref.Tenant, ref.Asset, ref.Version))
	if sqldb.NotFound(err) {
		return v, noVersion(ref)
	}
	if err != nil {
		return v, fault.E("library.version", ref.Asset, "", err)
	}
	return v, nil
}

func storeInfo(ctx context.Context, tx *sqldb.Tx, ref media.Ref, info media.Info) error {
	return one(ref)(tx.ExecContext(ctx, `UPDATE library_versions SET info = $1 WHERE tenant = $2 AND asset = $3 AND number = $4`,
		text(info), ref.Tenant, ref.Asset, ref.Version))
}

func storeVersionState(ctx context.Context, tx *sqldb.Tx, ref media.Ref, state State, failure *Failure) error {
	saved := ""
	if failure != nil {
		saved = text(failure)
	}
	return one(ref)(tx.ExecContext(ctx, `UPDATE library_versions SET state = $1, error = $2 WHERE tenant = $3 AND asset = $4 AND number = $5`,
		string(state), saved, ref.Tenant, ref.Asset, ref.Version))
}

func noVersion(ref media.Ref) error {
	return fault.Say("library.version", ref.Asset, fault.NotFound, "version-not-found", "This asset has no version %d.", ref.Version)
}
