package analysis

import (
	"context"
	"encoding/json"
	"strings"
	"unicode/utf8"

	"showreel/fault"
	"showreel/media"
	"showreel/platform/sqldb"
	"showreel/product/analysis/glossary"
	"showreel/trust/access"
	"showreel/trust/audit"
)

// GlossaryTerm is a name or term that transcripts shall spell rightly, in a collection or in all that the tenant has.
type GlossaryTerm struct {
	ID         string   `json:"id"`
	Collection string   `json:"collection,omitempty" doc:"its id; empty: everything of the tenant"`
	Text       string   `json:"text" doc:"as it is written"`
	Sounds     []string `json:"sounds" nullable:"false" doc:"how it is misheard, where its sound does not tell"`
	Lang       string   `json:"lang,omitempty" doc:"ISO 639-1; empty: every language"`
	UpdatedMS  int64    `json:"updatedMs"`
}

// Limits of the glossary.
const (
	termRunes   = 80
	mostSounds  = 10
	mostTerms   = 5000
	termColumns = `id, collection, term, sounds, lang, updated_ms`
)

func scanTerm(row scanner) (GlossaryTerm, error) {
	var g GlossaryTerm
	var sounds string
	if err := row.Scan(&g.ID, &g.Collection, &g.Text, &sounds, &g.Lang, &g.UpdatedMS); err != nil {
		return g, err
	}
	if err := json.Unmarshal([]byte(sounds), &g.Sounds); err != nil {
		return g, fault.E("analysis.glossary", g.ID, fault.Corrupt, err)
	}
	return g, nil
}

// Glossary lists the tenant's terms, by collection and spelling.
func (s *Service) Glossary(ctx context.Context) ([]GlossaryTerm, error) {
	if err := s.deps.Access.Check(ctx, "glossary:read", access.Resource{Kind: "glossary"}); err != nil {
		return nil, err
	}
	out, err := collect(ctx, s.deps.DB.Read(), scanTerm, `SELECT `+termColumns+` FROM analysis_glossary WHERE tenant = $1 ORDER BY collection, term_key, id`, access.WhoFrom(ctx).Tenant)
	if err != nil {
		return nil, fault.E("analysis.glossary", "", "", err)
	}
	return out, nil
}

// PutTerm adds a term, or changes the one of the same spelling in the same collection. Transcripts use it from their
// next run. Kinds: fault.Invalid, fault.NotFound for a collection that is not there.
func (s *Service) PutTerm(ctx context.Context, g GlossaryTerm) (GlossaryTerm, error) {
	who := access.WhoFrom(ctx)
	if err := s.deps.Access.Check(ctx, "glossary:write", access.Resource{Kind: "glossary"}); err != nil {
		return g, err
	}
	if err := g.tidy(); err != nil {
		return g, err
	}
	if g.Collection != "" {
		if _, err := s.deps.Library.Collection(ctx, g.Collection); err != nil {
			return g, err
		}
	}
	sounds, err := json.Marshal(g.Sounds)
	if err != nil {
		return g, fault.E("analysis.glossary", g.Text, fault.Internal, err)
	}
	g.ID, g.UpdatedMS = sqldb.NewID(), sqldb.NowMS()
	err = s.deps.DB.Write(ctx, func(tx *sqldb.Tx) error {
		var n int
		if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM analysis_glossary WHERE tenant = $1`, who.Tenant).Scan(&n); err != nil {
			return err
		}
		if n >= mostTerms {
			return fault.Say("analysis.glossary", g.Text, fault.TooLarge, "glossary-full", "A glossary has at most %d terms; remove some.", mostTerms)
		}
		if err := tx.QueryRowContext(ctx, `INSERT INTO analysis_glossary (id, tenant, collection, term, term_key, sounds, lang, created_by, updated_ms)
			VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9) ON CONFLICT (tenant, collection, term_key) DO UPDATE SET term = EXCLUDED.term, sounds = EXCLUDED.sounds,
			lang = EXCLUDED.lang, updated_ms = EXCLUDED.updated_ms RETURNING id`,
			g.ID, who.Tenant, g.Collection, g.Text, strings.ToLower(g.Text), string(sounds), g.Lang, who.ID, g.UpdatedMS).Scan(&g.ID); err != nil {
			return err
		}
		return s.deps.Audit.Write(ctx, tx, audit.Entry{Tenant: who.Tenant, Actor: who.ID, ActorKind: who.Kind, Action: "glossary:write", Subject: g.ID, Data: map[string]any{"term": g.Text}})
	})
	return g, err
}

func (g *GlossaryTerm) tidy() error {
	bad := func(text string, args ...any) error {
		return fault.Say("analysis.glossary", g.Text, fault.Invalid, "bad-term", text, args...)
	}
	g.Text = strings.Join(strings.Fields(strings.ToValidUTF8(g.Text, "")), " ")
	if n := utf8.RuneCountInString(g.Text); n < 2 || n > termRunes {
		return bad("A term has 2 to %d characters.", termRunes)
	}
	if len(g.Sounds) > mostSounds {
		return bad("A term has at most %d ways of being misheard.", mostSounds)
	}
	sounds := []string{}
	for _, x := range g.Sounds {
		x = strings.Join(strings.Fields(strings.ToValidUTF8(x, "")), " ")
		if utf8.RuneCountInString(x) > termRunes {
			return bad("A way of being misheard has at most %d characters.", termRunes)
		}
		if x != "" {
			sounds = append(sounds, x)
		}
	}
	g.Sounds = sounds
	if len(g.Lang) != 0 && len(g.Lang) != 2 {
		return bad("A language is two letters (ISO 639-1), such as en.")
	}
	return nil
}

// RemoveTerm removes a term. fault.NotFound.
func (s *Service) RemoveTerm(ctx context.Context, id string) error {
	who := access.WhoFrom(ctx)
	if err := s.deps.Access.Check(ctx, "glossary:write", access.Resource{Kind: "glossary", ID: id}); err != nil {
		return err
	}
	return s.deps.DB.Write(ctx, func(tx *sqldb.Tx) error {
		res, err := tx.ExecContext(ctx, `DELETE FROM analysis_glossary WHERE tenant = $1 AND id = $2`, who.Tenant, id)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return fault.Say("analysis.glossary", id, fault.NotFound, "no-term", "There is no such term in the glossary.")
		}
		return s.deps.Audit.Write(ctx, tx, audit.Entry{Tenant: who.Tenant, Actor: who.ID, ActorKind: who.Kind, Action: "glossary:write", Subject: id, Data: map[string]any{"removed": true}})
	})
}

// book gathers the terms for a version: the tenant's and those of the collections it is in.
func (s *Service) book(ctx context.Context, ref media.Ref) (glossary.Book, error) {
	all, err := collect(ctx, s.deps.DB.Read(), scanTerm, `SELECT `+termColumns+` FROM analysis_glossary WHERE tenant = $1 ORDER BY collection DESC, term_key`, ref.Tenant)
	if err != nil {
		return glossary.Book{}, fault.E("analysis.glossary", ref.Asset, "", err)
	}
	if len(all) == 0 {
		return glossary.Book{}, nil
	}
	in, err := s.deps.Library.CollectionsOf(ctx, ref.Asset)
	if err != nil {
		return glossary.Book{}, err
	}
	mine := map[string]bool{"": true}
	for _, c := range in {
		mine[c.ID] = true
	}
	var terms []glossary.Term
	for _, g := range all {
		if mine[g.Collection] {
			terms = append(terms, glossary.Term{Text: g.Text, Sounds: g.Sounds, Lang: g.Lang})
		}
	}
	return glossary.New(terms), nil
}
