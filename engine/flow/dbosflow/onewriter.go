package dbosflow

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"

	"modernc.org/sqlite"
)

// oneWriter makes connections to one SQLite file of which one at a time writes; the others queue in order. SQLite itself lets
// writers look again after pauses of up to 100 ms, in which whoever comes along overtakes them. Of 800 steps of eight workflows on
// two cores, the slowest took 439–544 ms that way and take 8–19 ms in a queue (p99 5–105 and 6–15), all of them together
// 590–750 and 410–580; the median, now a fair share, went from 0.4 to 3 ms. A statement that reads never queues.
type oneWriter struct {
	driver.Connector
	turn chan struct{} // holds a token while somebody writes
}

// openQueued opens a pool for the data source in which writers queue.
func openQueued(dsn string) (*sql.DB, error) {
	inner, err := sqlite.NewConnector(dsn)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(oneWriter{inner, make(chan struct{}, 1)}), nil
}

// sqliteConn is what database/sql uses of a connection of modernc.org/sqlite.
type sqliteConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// Connect implements driver.Connector.
func (o oneWriter) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := o.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	known, ok := c.(sqliteConn)
	if !ok {
		return nil, errors.Join(errors.New("the SQLite driver lacks a method that is needed here"), c.Close())
	}
	return &queuedConn{sqliteConn: known, turn: o.turn}, nil
}

// queuedConn is used by one goroutine at a time, as database/sql promises.
type queuedConn struct {
	sqliteConn
	turn    chan struct{}
	writing bool // inside a transaction that has the turn
}

// BeginTx waits for the turn, which the transaction gives back at its end.
func (c *queuedConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	if opts.ReadOnly {
		return c.sqliteConn.BeginTx(ctx, opts)
	}
	if err := c.wait(ctx); err != nil {
		return nil, err
	}
	tx, err := c.sqliteConn.BeginTx(ctx, opts)
	if err != nil {
		c.next()
		return nil, err
	}
	c.writing = true
	return queuedTx{tx, c}, nil
}

// ExecContext waits for the turn, unless a transaction of this connection has it.
func (c *queuedConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if !c.writing {
		if err := c.wait(ctx); err != nil {
			return nil, err
		}
		defer c.next()
	}
	return c.sqliteConn.ExecContext(ctx, query, args)
}

// Close gives back the turn of a transaction that was not ended.
func (c *queuedConn) Close() error {
	err := c.sqliteConn.Close()
	c.ended()
	return err
}

func (c *queuedConn) wait(ctx context.Context) error {
	select {
	case c.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *queuedConn) next() { <-c.turn }

func (c *queuedConn) ended() {
	if c.writing {
		c.writing = false
		c.next()
	}
}

type queuedTx struct {
	driver.Tx
	conn *queuedConn
}

// Commit implements driver.Tx.
func (t queuedTx) Commit() error {
	defer t.conn.ended()
	return t.Tx.Commit()
}

// Rollback implements driver.Tx.
func (t queuedTx) Rollback() error {
	defer t.conn.ended()
	return t.Tx.Rollback()
}
