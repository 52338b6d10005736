package access

import (
	"context"
	"encoding/json"

	"showreel/fault"
	"showreel/platform/sqldb"
)

const userColumns = `id, tenant, email, name, roles, disabled, created_ms, seen_ms, rev`

type scanner interface{ Scan(dest ...any) error }

func scanUser(row scanner, extra ...any) (User, error) {
	var u User
	var roles string
	dest := append([]any{&u.ID, &u.Tenant, &u.Email, &u.Name, &roles, &u.Disabled, &u.CreatedMS, &u.SeenMS, &u.Rev}, extra...)
	if err := row.Scan(dest...); err != nil {
		return u, err
	}
	return u, json.Unmarshal([]byte(roles), &u.Roles)
}

func selectUsers(ctx context.Context, q sqldb.Querier, where string, args ...any) ([]User, error) {
	rows, err := q.QueryContext(ctx, `SELECT `+userColumns+` FROM access_users `+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := []User{}
	for rows.Next() {
		u, err := scanUser(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, u)
	}
	return out, rows.Err()
}

func findUser(ctx context.Context, q sqldb.Querier, tenant, id string) (User, error) {
	u, err := scanUser(q.QueryRowContext(ctx, `SELECT `+userColumns+` FROM access_users WHERE tenant = $1 AND id = $2`, tenant, id))
	if sqldb.NotFound(err) {
		return u, noUser(id)
	}
	if err != nil {
		return u, fault.E("access.user", id, "", err)
	}
	return u, nil
}

// findLogin returns the person with the address in any tenant and the stored password.
func findLogin(ctx context.Context, q sqldb.Querier, email string) (u User, password string, err error) {
	row := q.QueryRowContext(ctx, `SELECT `+userColumns+`, password FROM access_users WHERE email = $1`, email)
	u, err = scanUser(row, &password)
	return u, password, err
}

func insertUser(ctx context.Context, tx *sqldb.Tx, u User, hash string) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO access_users
		(id, tenant, email, name, password, roles, disabled, created_ms, updated_ms, seen_ms, rev)
		VALUES ($1,$2,$3,$4,$5,$6,0,$7,$7,0,1)`,
		u.ID, u.Tenant, u.Email, u.Name, hash, jsonText(u.Roles), u.CreatedMS)
	if sqldb.Unique(err) {
		return fault.Say("access.user", u.Email, fault.Conflict, "email-taken", "This e-mail address has an account already; sign in with it, or use another.")
	}
	return err
}

// updateUser stores name, roles, disabled and, unless empty, the password, if the revision is still rev.
func updateUser(ctx context.Context, tx *sqldb.Tx, u *User, rev int64, hash string, nowMS int64) error {
	err := tx.QueryRowContext(ctx, `UPDATE access_users SET name = $1, roles = $2, disabled = $3, updated_ms = $4, rev = rev + 1,
		password = CASE WHEN $5 = '' THEN password ELSE $5 END WHERE tenant = $6 AND id = $7 AND rev = $8 RETURNING rev`,
		u.Name, jsonText(u.Roles), truth(u.Disabled), nowMS, hash, u.Tenant, u.ID, rev).Scan(&u.Rev)
	if sqldb.NotFound(err) {
		return fault.E("access.user", u.ID, fault.Stale, nil)
	}
	return err
}

func deleteUser(ctx context.Context, tx *sqldb.Tx, tenant, id string) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM access_keys WHERE tenant = $1 AND owner = $2`, tenant, id); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `DELETE FROM access_users WHERE tenant = $1 AND id = $2`, tenant, id)
	return err
}

func endSessions(ctx context.Context, tx *sqldb.Tx, user, except string) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM access_sessions WHERE user_id = $1 AND id <> $2`, user, except)
	return err
}

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}
