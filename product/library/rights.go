package library

import (
	"slices"
	"strings"
	"time"

	"showreel/fault"
)

// Rights is where an asset comes from and where and when it may be used. Empty territories mean everywhere; a zero
// instant is open on that side.
type Rights struct {
	Source      string   `json:"source,omitempty" doc:"where it comes from: a URL, an agency, a person"`
	Licence     string   `json:"licence,omitempty" doc:"an SPDX id or the licence's name: CC-BY-3.0"`
	Credit      string   `json:"credit,omitempty" doc:"the line to show with it"`
	Territories []string `json:"territories,omitempty" doc:"ISO 3166-1 alpha-2 codes where it may be used; empty is everywhere"`
	Platforms   []string `json:"platforms,omitempty" doc:"web, mobile, ott, social, download …; empty is all"`
	FromMS      int64    `json:"fromMs,omitempty" doc:"first instant of use, UTC milliseconds; 0 is open"`
	ToMS        int64    `json:"toMs,omitempty" doc:"first instant after its use, UTC milliseconds; 0 is open"`
}

// Use is what somebody wants to do with an asset.
type Use struct {
	Territory string // ISO 3166-1 alpha-2; empty: not stated
	Platform  string // empty: not stated
	AtMS      int64  // UTC milliseconds
}

// Allows returns nil if the use lies within the rights, else fault.Denied with the code outside-rights-window,
// outside-territory or outside-platform and a sentence that says what may be done. A use that states no territory is
// refused where territories are limited to some: nobody knows where it would be shown.
func (r Rights) Allows(subject string, u Use) error {
	const op = "library.usable"
	if r.FromMS != 0 && u.AtMS < r.FromMS {
		return fault.Say(op, subject, fault.Denied, "outside-rights-window",
			"Its licence starts on %s; use it from then on, or change its dates.", day(r.FromMS))
	}
	if r.ToMS != 0 && u.AtMS >= r.ToMS {
		return fault.Say(op, subject, fault.Denied, "outside-rights-window",
			"Its licence ended on %s; renew it and change its dates to use it again.", day(r.ToMS))
	}
	if len(r.Territories) > 0 && !slices.Contains(r.Territories, strings.ToUpper(u.Territory)) {
		where := strings.ToUpper(u.Territory)
		if where == "" {
			where = "a place that is not stated"
		}
		return fault.Say(op, subject, fault.Denied, "outside-territory",
			"It may be used in %s only, not in %s.", strings.Join(r.Territories, ", "), where)
	}
	if len(r.Platforms) > 0 && u.Platform != "" && !slices.Contains(r.Platforms, strings.ToLower(u.Platform)) {
		return fault.Say(op, subject, fault.Denied, "outside-platform",
			"It may be used for %s only, not for %s.", strings.Join(r.Platforms, ", "), u.Platform)
	}
	return nil
}

// clean returns the rights in their stored form, or fault.Invalid.
func (r Rights) clean() (Rights, error) {
	const op = "library.rights"
	out := r
	out.Territories, out.Platforms = nil, nil
	for _, text := range []struct {
		what  string
		field *string
	}{{"source", &out.Source}, {"licence", &out.Licence}, {"credit", &out.Credit}} {
		var err error
		if *text.field, err = line(text.what, *text.field, rightsRunes); err != nil {
			return r, err
		}
	}
	for _, t := range r.Territories {
		t = strings.ToUpper(strings.TrimSpace(t))
		if len(t) != 2 || t[0] < 'A' || t[0] > 'Z' || t[1] < 'A' || t[1] > 'Z' {
			return r, fault.Say(op, t, fault.Invalid, "bad-territory",
				"%q is not a territory; use two-letter ISO 3166-1 codes such as DE or BR.", t)
		}
		if !slices.Contains(out.Territories, t) {
			out.Territories = append(out.Territories, t)
		}
	}
	for _, p := range r.Platforms {
		p, err := line("platform", strings.ToLower(p), platformRunes)
		if err != nil {
			return r, err
		}
		if p != "" && !slices.Contains(out.Platforms, p) {
			out.Platforms = append(out.Platforms, p)
		}
	}
	slices.Sort(out.Territories)
	slices.Sort(out.Platforms)
	if r.FromMS < 0 || r.ToMS < 0 || (r.ToMS != 0 && r.ToMS <= r.FromMS) {
		return r, fault.Say(op, "", fault.Invalid, "bad-rights-window",
			"The end of use must come after its start; both are UTC milliseconds, 0 leaves a side open.")
	}
	return out, nil
}

func day(ms int64) string { return time.UnixMilli(ms).UTC().Format("2 January 2006 15:04 UTC") }
