// Package metertest is the conformance suite of meter drivers. It is for tests only.
package metertest

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"showreel/engine/meter"
)

const hour = 3_600_000

// Run holds a driver to the contract of meter.Driver. open returns an empty driver.
func Run(t *testing.T, open func(t *testing.T) meter.Driver) {
	for name, test := range map[string]func(*testing.T, meter.Driver){"Samples": samples, "Costs": costs} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func samples(t *testing.T, d meter.Driver) {
	one := meter.Sample{Node: "n1", AtMS: 60_000, Name: "m", Labels: `a="1"`, Value: 1.5, Count: 2}
	two := meter.Sample{Node: "n1", AtMS: 120_000, Name: "m", Value: 3}
	other := meter.Sample{Node: "n2", AtMS: 60_000, Name: "other", Value: 9}
	check(t, d.Save(t.Context(), []meter.Sample{two, one, other}))
	one.Value = 2.5
	check(t, d.Save(t.Context(), []meter.Sample{one}))
	got, err := d.Series(t.Context(), "m", 0, 180_000)
	check(t, err)
	if diff := cmp.Diff([]meter.Sample{one, two}, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	check(t, d.Prune(t.Context(), 120_000))
	got, err = d.Series(t.Context(), "m", 0, 180_000)
	check(t, err)
	if diff := cmp.Diff([]meter.Sample{two}, got); diff != "" {
		t.Errorf("after Prune: -want +got\n%s", diff)
	}
}

func costs(t *testing.T, d meter.Driver) {
	check(t, d.AddCosts(t.Context(), []meter.Cost{
		{Tenant: "main", Subject: "a", Step: "probe", AtMS: hour + 5, CPUMS: 10, WallMS: 12, Read: 100},
		{Tenant: "main", Subject: "a", Step: "probe", AtMS: hour + 9, CPUMS: 5, Written: 7, Count: 2},
		{Tenant: "main", Subject: "a", Step: "chunk", AtMS: 2 * hour, CPUMS: 1},
		{Tenant: "main", Subject: "b", Step: "probe", AtMS: hour, CPUMS: 3},
		{Tenant: "other", Subject: "a", Step: "probe", AtMS: hour, CPUMS: 1000},
	}))
	check(t, d.AddCosts(t.Context(), []meter.Cost{{Tenant: "main", Subject: "a", Step: "probe", AtMS: 3 * hour, CPUMS: 1}}))
	probe := meter.Cost{Tenant: "main", Subject: "a", Step: "probe", AtMS: hour, CPUMS: 16, WallMS: 12, Read: 100, Written: 7, Count: 4}
	chunk := meter.Cost{Tenant: "main", Subject: "a", Step: "chunk", AtMS: 2 * hour, CPUMS: 1, Count: 1}
	b := meter.Cost{Tenant: "main", Subject: "b", Step: "probe", AtMS: hour, CPUMS: 3, Count: 1}
	for _, c := range []struct {
		subject  string
		from, to int64
		want     []meter.Cost
	}{
		{"a", 0, 9 * hour, []meter.Cost{chunk, probe}},
		{"", 0, 9 * hour, []meter.Cost{chunk, probe, b}},
		{"a", 2 * hour, 3 * hour, []meter.Cost{chunk}},
		{"none", 0, 9 * hour, nil},
	} {
		got, err := d.Costs(t.Context(), "main", c.subject, c.from, c.to)
		check(t, err)
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("Costs(%q, %d, %d): -want +got\n%s", c.subject, c.from, c.to, diff)
		}
	}
}
