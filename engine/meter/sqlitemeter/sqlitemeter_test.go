package sqlitemeter_test

import (
	"testing"

	"showreel/engine/meter"
	"showreel/engine/meter/metertest"
	"showreel/engine/meter/sqlitemeter"
	"showreel/platform/sqldb/sqldbtest"
)

func TestConformance(t *testing.T) {
	metertest.Run(t, func(t *testing.T) meter.Driver { return sqlitemeter.New(sqldbtest.SQLite(t, sqlitemeter.Schema())) })
}

func TestConformancePostgres(t *testing.T) {
	metertest.Run(t, func(t *testing.T) meter.Driver { return sqlitemeter.New(sqldbtest.Postgres(t, sqlitemeter.Schema())) })
}
