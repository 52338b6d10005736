// Package lognotify is the notify driver that writes messages to the process's log. It is not for audit: see trust/audit.
package lognotify

import (
	"context"
	"log/slog"
	"strings"

	"showreel/engine/notify"
)

// Driver writes to a log.
type Driver struct{ log *slog.Logger }

// New makes a driver over a log.
func New(log *slog.Logger) *Driver { return &Driver{log} }

// Send writes one line: a warning for what failed, information otherwise. It returns only the context's error.
func (d *Driver) Send(ctx context.Context, m notify.Message) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	level := slog.LevelInfo
	if strings.HasSuffix(m.Name, ".failed") {
		level = slog.LevelWarn
	}
	d.log.LogAttrs(ctx, level, "event", slog.String("id", m.ID), slog.String("name", m.Name), slog.String("tenant", m.Tenant),
		slog.String("subject", m.Subject), slog.Int64("atMs", m.AtMS), slog.String("data", string(m.Data)))
	return nil
}
