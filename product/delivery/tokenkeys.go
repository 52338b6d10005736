package delivery

import (
	"context"
	"sync"
	"time"

	"showreel/fault"
	"showreel/platform/sqldb"
)

// tokenKeys are the keys that sign play tokens: the newest signs, older ones verify until they are retired. The table is
// shared by all processes; each looks again after a while and when it meets an id it does not know.
type tokenKeys struct {
	db     *sqldb.DB
	secret func(ctx context.Context, name string) ([]byte, error)

	mu      sync.Mutex
	read    time.Time
	current string
	secrets map[string][]byte
	retired map[string]int64
}

const (
	keysFresh   = time.Minute     // how long the list is believed
	keysRecheck = 2 * time.Second // how often an unknown id makes us look again
)

// signing returns the key to sign with, making the first one.
func (k *tokenKeys) signing(ctx context.Context) (id string, secret []byte, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.load(ctx, keysFresh); err != nil {
		return "", nil, err
	}
	if k.current == "" {
		if err := k.add(ctx); err != nil {
			return "", nil, err
		}
		if err := k.load(ctx, 0); err != nil {
			return "", nil, err
		}
	}
	return k.current, k.secrets[k.current], nil
}

// verifying returns the secret of a key id. fault.Denied "bad-token" for an unknown id, fault.Gone for a retired one.
func (k *tokenKeys) verifying(ctx context.Context, id string, now time.Time) ([]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	fresh := keysFresh
	if _, ok := k.secrets[id]; !ok {
		fresh = keysRecheck
	}
	if err := k.load(ctx, fresh); err != nil {
		return nil, err
	}
	secret, ok := k.secrets[id]
	if !ok {
		return nil, errToken
	}
	if at := k.retired[id]; at != 0 && now.UnixMilli() >= at {
		return nil, fault.Say("delivery.token", "", fault.Gone, "expired-token", "This playing link was withdrawn. Ask whoever sent it for a fresh one.")
	}
	return secret, nil
}

// rotate makes a new signing key. Tokens of the older ones are refused after grace.
func (k *tokenKeys) rotate(ctx context.Context, grace time.Duration) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	err := k.db.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE delivery_token_keys SET retired_ms = $1 WHERE retired_ms = 0`, sqldb.NowMS()+grace.Milliseconds())
		return err
	})
	if err != nil {
		return fault.E("delivery.rotate", "", "", err)
	}
	if err := k.add(ctx); err != nil {
		return err
	}
	return k.load(ctx, 0)
}

func (k *tokenKeys) add(ctx context.Context) error {
	return k.db.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO delivery_token_keys (id, created_ms) VALUES ($1, $2)`, sqldb.NewID(), sqldb.NowMS())
		if err != nil {
			return fault.E("delivery.token-key", "", "", err)
		}
		return nil
	})
}

func (k *tokenKeys) load(ctx context.Context, fresh time.Duration) error {
	if time.Since(k.read) < fresh {
		return nil
	}
	rows, err := k.db.Read().QueryContext(ctx, `SELECT id, retired_ms FROM delivery_token_keys ORDER BY created_ms, id`)
	if err != nil {
		return fault.E("delivery.token-key", "", "", err)
	}
	defer rows.Close()
	current, retired, secrets := "", map[string]int64{}, map[string][]byte{}
	for rows.Next() {
		var id string
		var at int64
		if err := rows.Scan(&id, &at); err != nil {
			return fault.E("delivery.token-key", "", "", err)
		}
		if at == 0 {
			current = id
		}
		retired[id] = at
		if secrets[id] = k.secrets[id]; secrets[id] == nil {
			if secrets[id], err = k.secret(ctx, "play-token-"+id); err != nil {
				return err
			}
		}
	}
	if err := rows.Err(); err != nil {
		return fault.E("delivery.token-key", "", "", err)
	}
	k.current, k.retired, k.secrets, k.read = current, retired, secrets, time.Now()
	return nil
}
