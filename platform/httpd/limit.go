package httpd

import (
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"showreel/fault"
)

// rates are token buckets per principal, tenant and address, and a daily quota per tenant. They live in memory: each
// process counts on its own, and a restart begins anew.
type rates struct {
	limits Limits

	mu      sync.Mutex
	buckets map[string]*bucket
	swept   time.Time
	day     int64 // UTC day the quota counts are of
	spent   map[string]int64
}

type bucket struct {
	limiter *rate.Limiter
	used    time.Time
}

const (
	idleBucket = 10 * time.Minute // a bucket unused for this long is full again at any sensible rate
	maxBuckets = 100_000
)

func newRates(l Limits) *rates {
	return &rates{limits: l, buckets: map[string]*bucket{}, spent: map[string]int64{}}
}

// public takes one request of an address.
func (r *rates) public(ip string) error {
	return r.take("ip "+network(ip), r.limits.PublicPerSecond, r.limits.PublicBurst)
}

// principal takes one request of a caller and of the caller's tenant; who has no name is known by address.
func (r *rates) principal(tenant, id, ip string) error {
	if id == "" {
		return r.public(ip)
	}
	if err := r.take("who "+tenant+" "+id, r.limits.PerSecond, r.limits.Burst); err != nil {
		return err
	}
	if err := r.take("tenant "+tenant, r.limits.TenantPerSecond, r.limits.TenantBurst); err != nil {
		return err
	}
	return r.quota(tenant)
}

func (r *rates) take(key string, perSecond float64, burst int) error {
	now := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sweep(now)
	b, ok := r.buckets[key]
	if !ok {
		b = &bucket{limiter: rate.NewLimiter(rate.Limit(perSecond), burst)}
		r.buckets[key] = b
	}
	b.used = now
	if b.limiter.AllowN(now, 1) {
		return nil
	}
	missing := 1 - b.limiter.TokensAt(now)
	return limited("rate", time.Duration(missing/perSecond*float64(time.Second)),
		"Too many requests at once; slow down and retry after the stated time.")
}

// sweep forgets idle buckets once a minute, and all of them if an attack made too many to keep.
func (r *rates) sweep(now time.Time) {
	if len(r.buckets) >= maxBuckets {
		clear(r.buckets)
	}
	if now.Sub(r.swept) < time.Minute {
		return
	}
	r.swept = now
	for key, b := range r.buckets {
		if now.Sub(b.used) > idleBucket {
			delete(r.buckets, key)
		}
	}
}

const dayMS = 24 * 60 * 60 * 1000

// quota counts a tenant's requests of the UTC day.
func (r *rates) quota(tenant string) error {
	if r.limits.PerDay <= 0 {
		return nil
	}
	nowMS := time.Now().UnixMilli()
	r.mu.Lock()
	defer r.mu.Unlock()
	if day := nowMS / dayMS; day != r.day {
		r.day = day
		clear(r.spent)
	}
	if r.spent[tenant] >= r.limits.PerDay {
		return limited("quota", time.Duration(dayMS-nowMS%dayMS)*time.Millisecond,
			"Today's quota of requests is spent; it is renewed at midnight UTC. An administrator can raise limits.requestsPerDay.")
	}
	r.spent[tenant]++
	return nil
}

func limited(code string, after time.Duration, text string) error {
	return &fault.Error{Op: "httpd.limit", Kind: fault.Limited, Code: code, Text: text, After: max(after, time.Millisecond)}
}

// network is the unit that addresses are counted by: one IPv4 address, or the /64 an IPv6 host can pick freely from.
func network(ip string) string {
	addr, err := netip.ParseAddr(ip)
	if err != nil || addr.Is4() {
		return ip
	}
	p, err := addr.WithZone("").Prefix(64)
	if err != nil {
		return ip
	}
	return p.String()
}
