package localdrm_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"

	"showreel/engine/drm"
	"showreel/engine/drm/drmtest"
	"showreel/engine/drm/localdrm"
	"showreel/fault"
	"showreel/platform/sqldb"
	"showreel/platform/sqldb/sqldbtest"
)

// secrets derives a secret from its name.
type secrets struct{}

func (secrets) Secret(_ context.Context, name string) ([]byte, error) {
	h := sha256.Sum256([]byte(name))
	return h[:], nil
}

func TestSuite(t *testing.T) {
	sqldbtest.Each(t, []sqldb.Schema{localdrm.Schema()}, func(t *testing.T, db *sqldb.DB) {
		drmtest.Run(t, func(*testing.T) drm.Driver { return localdrm.New(db, secrets{}) })
	})
}

func TestKeysAreSealedAndBound(t *testing.T) {
	db := sqldbtest.SQLite(t, localdrm.Schema())
	ctx := context.Background()
	s := drm.New(localdrm.New(db, secrets{}))
	keys, err := s.Keys(ctx, "main", "a/1", []drm.Class{drm.SD, drm.HD})
	if err != nil {
		t.Fatal(err)
	}
	var sealed string
	if err := db.Read().QueryRowContext(ctx, `SELECT sealed FROM drm_keys WHERE class = 'sd'`).Scan(&sealed); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(sealed, hex.EncodeToString(keys[0].Key[:])) || bytes.Contains([]byte(sealed), keys[0].Key[:]) {
		t.Error("the key is stored in the clear")
	}
	err = db.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE drm_keys SET sealed = $1 WHERE class = 'hd'`, sealed)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Keys(ctx, "main", "a/1", []drm.Class{drm.HD}); !fault.Is(err, fault.Corrupt) {
		t.Errorf("a key moved to another row opens: %v", err)
	}
}
