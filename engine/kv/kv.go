// Package kv is the port to small records that come and go by key: sessions, idempotency records, rate windows. Values have
// a revision for conditional puts and may expire. Callers use the concrete Store; drivers pass kvtest. It is not for
// business data with relations (see platform/sqldb) nor for large bytes (see engine/blob).
package kv

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"showreel/fault"
)

// Limits of a record, in bytes.
const (
	MaxKey   = 512
	MaxValue = 256 << 10
	maxScan  = 1000
)

// Entry is one record.
type Entry struct {
	Key       string
	Value     []byte
	Rev       int64 // > 0; differs after every put of the key, also after it was deleted and made again
	ExpiresMS int64 // ms UTC; 0 is never
}

// A Driver keeps records. Drivers are safe for concurrent use by several processes. An expired record is never returned,
// whether or not it has been swept.
type Driver interface {
	// Put stores the record whatever was there.
	Put(ctx context.Context, key string, value []byte, expiresMS int64) (rev int64, err error)
	// PutIf stores the record if the present revision is rev; 0 means that no live record exists. fault.Stale otherwise.
	PutIf(ctx context.Context, key string, value []byte, expiresMS, rev int64) (int64, error)
	// Get returns the live record. fault.NotFound.
	Get(ctx context.Context, key string) (Entry, error)
	// Delete removes the record; one that is not there is not an error.
	Delete(ctx context.Context, key string) error
	// Scan returns live records whose key starts with prefix and is bytewise greater than after, in bytewise order.
	Scan(ctx context.Context, prefix, after string, limit int) ([]Entry, error)
	// Sweep removes up to limit expired records and returns how many.
	Sweep(ctx context.Context, limit int) (int, error)
}

// Store checks keys and sizes and turns lifetimes into instants.
type Store struct{ d Driver }

// New makes a store over a driver.
func New(d Driver) *Store { return &Store{d: d} }

// Put stores value under key for ttl; 0 means it does not expire. fault.Invalid, fault.TooLarge.
func (s *Store) Put(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	if err := check("kv.put", key, value, ttl); err != nil {
		return err
	}
	_, err := s.d.Put(ctx, key, value, expiry(ttl))
	return wrap("kv.put", key, err)
}

// PutIf stores value only if the record's revision is still rev, and returns the new one; rev 0 means the key must not
// exist. fault.Stale when another was faster.
func (s *Store) PutIf(ctx context.Context, key string, value []byte, ttl time.Duration, rev int64) (int64, error) {
	if err := check("kv.putif", key, value, ttl); err != nil {
		return 0, err
	}
	if rev < 0 {
		return 0, fault.Say("kv.putif", key, fault.Invalid, "bad-revision", "A revision is 0 or a number that Get returned.")
	}
	rev, err := s.d.PutIf(ctx, key, value, expiry(ttl), rev)
	return rev, wrap("kv.putif", key, err)
}

// Get returns the value and its revision. fault.NotFound when there is none or it has expired.
func (s *Store) Get(ctx context.Context, key string) ([]byte, int64, error) {
	if err := checkKey("kv.get", key); err != nil {
		return nil, 0, err
	}
	e, err := s.d.Get(ctx, key)
	return e.Value, e.Rev, wrap("kv.get", key, err)
}

// Delete removes the record; one that is not there is not an error.
func (s *Store) Delete(ctx context.Context, key string) error {
	if err := checkKey("kv.delete", key); err != nil {
		return err
	}
	return wrap("kv.delete", key, s.d.Delete(ctx, key))
}

// Scan returns records whose key starts with prefix and comes bytewise after the key after, in bytewise order, at most
// limit of them (1000 when limit is 0 or more).
func (s *Store) Scan(ctx context.Context, prefix, after string, limit int) ([]Entry, error) {
	if limit <= 0 || limit > maxScan {
		limit = maxScan
	}
	entries, err := s.d.Scan(ctx, prefix, after, limit)
	return entries, wrap("kv.scan", prefix, err)
}

// Run removes expired records every interval until the context ends.
func (s *Store) Run(ctx context.Context, interval time.Duration) error {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			if err := s.sweep(ctx); err != nil && ctx.Err() == nil && !fault.Transient(err) {
				return err
			}
		}
	}
}

// sweep removes expired records in small transactions so that it never holds the writer long.
func (s *Store) sweep(ctx context.Context) error {
	const batch = 500
	for {
		n, err := s.d.Sweep(ctx, batch)
		if err != nil {
			return wrap("kv.sweep", "", err)
		}
		if n < batch {
			return nil
		}
	}
}

func expiry(ttl time.Duration) int64 {
	if ttl == 0 {
		return 0
	}
	return time.Now().Add(ttl).UnixMilli()
}

func check(op, key string, value []byte, ttl time.Duration) error {
	if err := checkKey(op, key); err != nil {
		return err
	}
	if len(value) > MaxValue {
		return fault.Say(op, key, fault.TooLarge, "value-too-large", "A record holds at most %d bytes; store larger data as a blob.", MaxValue)
	}
	if ttl < 0 {
		return fault.Say(op, key, fault.Invalid, "bad-lifetime", "A record's lifetime cannot be negative.")
	}
	return nil
}

func checkKey(op, key string) error {
	if key == "" || len(key) > MaxKey || !utf8.ValidString(key) || strings.ContainsRune(key, 0) {
		return fault.Say(op, "", fault.Invalid, "bad-key", "A record key is 1 to %d bytes of text.", MaxKey)
	}
	return nil
}

func wrap(op, key string, err error) error {
	if err == nil {
		return nil
	}
	return fault.E(op, key, "", err)
}
