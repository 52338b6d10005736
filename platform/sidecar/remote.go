package sidecar

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"showreel/fault"
)

// restAfter is how long a pool's member that died or could not be reached is passed over while others are there.
const restAfter = 10 * time.Second

// Remote is a pool of helpers on other machines.
type Remote struct {
	token string
	http  *http.Client

	mu      sync.Mutex
	members []member
	next    int
}

// member is one helper of a pool.
type member struct {
	base string
	back time.Time // passed over until then
}

// NewRemote reaches the helpers at the URLs ("http://host:port", "https://…") in turn. Kind: fault.Invalid for a URL that is none.
func NewRemote(token string, urls ...string) (*Remote, error) {
	// A connection a call: on one kept from before, a member that has gone cannot be told from one that died of the call.
	r := &Remote{token: token, http: &http.Client{Transport: &http.Transport{
		DialContext: (&net.Dialer{Timeout: 5 * time.Second}).DialContext, DisableKeepAlives: true}}}
	for _, s := range urls {
		u, err := url.Parse(s)
		if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
			return nil, fault.Say("sidecar.remote", s, fault.Invalid, "bad-helper-address", "A helper's address looks like http://host:port.")
		}
		r.members = append(r.members, member{base: strings.TrimSuffix(u.String(), "/")})
	}
	if len(r.members) == 0 {
		return nil, fault.Say("sidecar.remote", "", fault.Invalid, "bad-helper-address", "Name at least one helper.")
	}
	return r, nil
}

// Open implements Reach: helpers take turns. One that has just failed is passed over; where all have, the one whose
// failure is longest ago is tried.
func (r *Remote) Open(context.Context) (Way, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now, n := time.Now(), r.next%len(r.members)
	r.next = n + 1
	best := n
	for k := range r.members {
		at := (n + k) % len(r.members)
		if !now.Before(r.members[at].back) {
			best = at
			break
		}
		if r.members[at].back.Before(r.members[best].back) {
			best = at
		}
	}
	return Way{Base: r.members[best].base, HTTP: r.http, Token: r.token, Ways: len(r.members), Done: func(err error) { r.done(best, err) }}, nil
}

// done notes whether a member is to be passed over.
func (r *Remote) done(at int, err error) {
	code := fault.CodeOf(err)
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case code == "helper-died" || code == "helper-unreachable":
		r.members[at].back = time.Now().Add(restAfter)
	case err == nil:
		r.members[at].back = time.Time{}
	}
}

// Close implements Reach.
func (r *Remote) Close() error { r.http.CloseIdleConnections(); return nil }
