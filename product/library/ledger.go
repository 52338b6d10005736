package library

import (
	"context"
	"encoding/json"

	"showreel/fault"
	"showreel/media"
	"showreel/platform/sqldb"
)

const ledgerColumns = `l.id, l.asset, l.version, l.output, l.inputs, l.tool, l.settings, l.actor, l.at_ms`

func scanLedger(row scanner) (LedgerEntry, error) {
	var e LedgerEntry
	var inputs, settings string
	if err := row.Scan(&e.ID, &e.Asset, &e.Version, &e.Output, &inputs, &e.Tool, &settings, &e.Actor, &e.AtMS); err != nil {
		return e, err
	}
	if err := json.Unmarshal([]byte(inputs), &e.Inputs); err != nil {
		return e, fault.E("library.ledger", e.ID, fault.Corrupt, err)
	}
	if settings != "" {
		if err := json.Unmarshal([]byte(settings), &e.Settings); err != nil {
			return e, fault.E("library.ledger", e.ID, fault.Corrupt, err)
		}
	}
	return e, nil
}

// Record writes into the ingredient ledger of a version which outputs came from which inputs. An output that is
// recorded again has its entry replaced: a repeated step changes nothing. ID, Asset, Version, Actor and AtMS are set here.
func (s *Service) Record(ctx context.Context, ref media.Ref, entries ...LedgerEntry) error {
	tenant, err := s.may(ctx, "asset:process", "asset", ref.Asset, ref.Tenant)
	if err != nil {
		return err
	}
	ref.Tenant = tenant
	return s.write(ctx, tenant, func(c *change) error {
		if _, err := findVersion(ctx, c.Tx, ref); err != nil {
			return err
		}
		for _, e := range entries {
			if e.Output == "" || e.Tool == "" {
				return fault.E("library.ledger", ref.Asset, fault.Invalid, nil)
			}
			if err := c.recordOutput(ctx, ref, e); err != nil {
				return err
			}
		}
		return c.record(ctx, "asset:process", ref.Asset, map[string]any{"version": ref.Version, "ledger": len(entries)})
	})
}

func (c *change) recordOutput(ctx context.Context, ref media.Ref, e LedgerEntry) error {
	settings := ""
	if len(e.Settings) > 0 {
		settings = text(e.Settings)
	}
	if e.Inputs == nil {
		e.Inputs = []string{}
	}
	var id string
	err := c.QueryRowContext(ctx, `INSERT INTO library_ledger (id, tenant, asset, version, output, inputs, tool, settings, actor, at_ms)
		VALUES (`+places(1, 10)+`) ON CONFLICT (asset, version, output) DO UPDATE SET inputs = EXCLUDED.inputs, tool = EXCLUDED.tool,
		settings = EXCLUDED.settings, actor = EXCLUDED.actor, at_ms = EXCLUDED.at_ms RETURNING id`,
		sqldb.NewID(), c.tenant, ref.Asset, ref.Version, e.Output, text(e.Inputs), e.Tool, settings, c.who.ID, c.now).Scan(&id)
	if err != nil {
		return err
	}
	if _, err := c.ExecContext(ctx, `DELETE FROM library_ledger_inputs WHERE entry = $1`, id); err != nil {
		return err
	}
	for _, in := range e.Inputs {
		if _, err := c.ExecContext(ctx, `INSERT INTO library_ledger_inputs (entry, tenant, input) VALUES ($1,$2,$3) ON CONFLICT DO NOTHING`, id, c.tenant, in); err != nil {
			return err
		}
	}
	return nil
}

// Ledger lists what was made for an asset, of what and how, oldest first.
func (s *Service) Ledger(ctx context.Context, asset string) ([]LedgerEntry, error) {
	ref, err := s.resolve(ctx, "asset:read", media.Ref{Asset: asset})
	if err != nil {
		return nil, err
	}
	return s.ledger(ctx, `WHERE l.tenant = $1 AND l.asset = $2 ORDER BY l.at_ms, l.id`, ref.Tenant, asset)
}

// UsedBy lists what was made of an input, oldest first.
func (s *Service) UsedBy(ctx context.Context, input string) ([]LedgerEntry, error) {
	tenant, err := s.may(ctx, "asset:read", "asset", "", "")
	if err != nil {
		return nil, err
	}
	return s.ledger(ctx, `JOIN library_ledger_inputs i ON i.entry = l.id WHERE i.tenant = $1 AND i.input = $2 ORDER BY l.at_ms, l.id`, tenant, input)
}

func (s *Service) ledger(ctx context.Context, rest string, args ...any) ([]LedgerEntry, error) {
	out, err := collect(ctx, s.read(), scanLedger, `SELECT `+ledgerColumns+` FROM library_ledger l `+rest, args...)
	if err != nil {
		return nil, fault.E("library.ledger", "", "", err)
	}
	return out, nil
}
