package sqldb

import (
	"context"
	"database/sql"
	"database/sql/driver"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// connector makes connections to Postgres whose failures are faults in words.
type connector struct {
	driver.Connector
	address string
}

func openPool(address string) (*sql.DB, error) {
	cfg, err := pgx.ParseConfig(address)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(connector{stdlib.GetConnector(*cfg), address}), nil
}

// Connect implements driver.Connector.
func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	inner, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, unreachable("sqldb.connect", c.address, err)
	}
	if pg, ok := inner.(*stdlib.Conn); ok {
		return conn{pg}, nil
	}
	return inner, nil
}

// conn lets a read whose connection turns out to be dead be done again on another one, as database/sql does on
// driver.ErrBadConn, so that a restart of Postgres is not seen by whoever only reads. In a transaction it ends the
// transaction. It is safe because Queriers of Read only read.
type conn struct{ *stdlib.Conn }

// QueryContext implements driver.QueryerContext.
func (c conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	rows, err := c.Conn.QueryContext(ctx, query, args)
	if err != nil && ctx.Err() == nil && lost(err) {
		return nil, driver.ErrBadConn
	}
	return rows, err
}
