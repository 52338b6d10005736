package sqldb

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"net/url"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"showreel/fault"
)

// redact drops the password of a URL.
func redact(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return "(unreadable address)"
	}
	return u.Redacted()
}

// away marks a database that may come back by itself: see Outage of engine/flow.
type away struct{ error }

// Outage names what is away.
func (away) Outage() string { return "the database" }

// Unwrap gives the cause.
func (a away) Unwrap() error { return a.error }

// unreachable says in words why the store at an address does not answer. It tells no password.
func unreachable(op, address string, err error) error {
	var known *fault.Error
	if errors.As(err, &known) {
		return fault.E(op, redact(address), "", err)
	}
	say := func(code, text string) error {
		return &fault.Error{Op: op, Subject: redact(address), Kind: fault.Unavailable, Code: code, Text: text, Err: err}
	}
	u, parseErr := url.Parse(address)
	if parseErr != nil || !strings.HasPrefix(u.Scheme, "postgres") {
		return fault.E(op, redact(address), fault.Unavailable, err)
	}
	if errors.Is(err, context.Canceled) {
		return fault.E(op, redact(address), fault.Canceled, err)
	}
	name := strings.TrimPrefix(u.Path, "/")
	switch sqlState(err) {
	case "3D000": // invalid_catalog_name
		return say("no-database", "The database "+name+" at "+u.Host+" does not exist; create it (createdb "+name+") or correct the address.")
	case "28000", "28P01": // invalid_authorization_specification, invalid_password
		return say("database-denied", "The database at "+u.Host+" refuses this user or password; correct the address.")
	case "42501": // insufficient_privilege
		return say("database-denied", "The database at "+u.Host+" does not let this user work in "+name+"; grant it all rights there.")
	case "53300": // too_many_connections
		err = away{err}
		return say("database-busy", "The database at "+u.Host+" has no connection free; raise its max_connections.")
	}
	err = away{err}
	return say("database-unreachable", "The database at "+u.Host+" cannot be reached; check its address, that it runs, and the network.")
}

func sqlState(err error) string {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code
	}
	return ""
}

// lost reports that the connection to Postgres broke or could not be made: a later try may succeed. Class 08 is
// connection_exception, 57P is operator_intervention (a server that stops), 53300 too_many_connections.
func lost(err error) bool {
	if state := sqlState(err); state != "" {
		return strings.HasPrefix(state, "08") || strings.HasPrefix(state, "57P") || state == "53300"
	}
	var connect *pgconn.ConnectError
	var network net.Error
	return errors.As(err, &connect) || errors.As(err, &network) || errors.Is(err, driver.ErrBadConn) ||
		errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF)
}
