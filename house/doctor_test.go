package house

import (
	"testing"
	"time"

	"showreel/engine/meter"
)

func TestDaysUntilFull(t *testing.T) {
	now := time.UnixMilli(1_800_000_000_000)
	at := func(ago time.Duration, free float64) []meter.Sample {
		return []meter.Sample{{AtMS: now.Add(-ago).UnixMilli(), Value: free}}
	}
	for _, c := range []struct {
		name string
		past []meter.Sample
		want float64
	}{
		{"nothing known", nil, 0},
		{"watched too shortly", at(time.Hour, 200), 0},
		{"it empties", at(48*time.Hour, 50), 0},
		{"half gone in two days", at(48*time.Hour, 200), 2},
	} {
		if got := daysUntilFull(c.past, 100, now); got != c.want {
			t.Errorf("%s: %g days, want %g", c.name, got, c.want)
		}
	}
}
