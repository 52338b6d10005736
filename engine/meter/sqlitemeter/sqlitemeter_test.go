package sqlitemeter_test

import (
	"testing"

	"showreel/engine/meter"
	"showreel/engine/meter/metertest"
	"showreel/engine/meter/sqlitemeter"
	"showreel/platform/sqldb"
	"showreel/platform/sqldb/sqldbtest"
)

func TestConformance(t *testing.T) {
	metertest.Run(t, func(t *testing.T) meter.Driver { return sqlitemeter.New(sqldbtest.SQLite(t, sqlitemeter.Schema())) })
}

func TestConformancePostgres(t *testing.T) {
	metertest.Run(t, func(t *testing.T) meter.Driver {
		db, err := sqldb.Open(t.Context(), sqldbtest.PostgresURL(t))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		})
		if err := db.Migrate(t.Context(), sqlitemeter.Schema()); err != nil {
			t.Fatal(err)
		}
		return sqlitemeter.New(db)
	})
}
