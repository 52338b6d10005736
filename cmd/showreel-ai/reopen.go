package main

import (
	"errors"
	"net/http"
	"sync"
	"time"

	"showreel/platform/weights"
)

// lookEvery is how often, at most, calls look whether the models were exchanged.
const lookEvery = time.Second

// house opens the roles again when a model is installed or exchanged, or another one is chosen for a role, so that both take
// effect at the next call. Calls in flight end on the models they began with.
type house struct {
	models string
	open   func() (http.Handler, func() error, error)
	now    func() time.Time

	mu     sync.Mutex
	tenant *tenancy
	looked time.Time
	failed error // of closing what was exchanged
}

// tenancy is the roles over one state of the folder of models.
type tenancy struct {
	revision string
	handler  http.Handler
	close    func() error
	users    int
	over     bool
}

// newHouse opens the roles.
func newHouse(models string, open func() (http.Handler, func() error, error)) (*house, error) {
	h := &house{models: models, open: open, now: time.Now}
	var err error
	h.tenant, err = h.move(weights.Revision(models))
	return h, err
}

func (h *house) move(revision string) (*tenancy, error) {
	handler, end, err := h.open()
	if err != nil {
		return nil, err
	}
	return &tenancy{revision: revision, handler: handler, close: end}, nil
}

// ServeHTTP implements http.Handler.
func (h *house) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	t := h.enter()
	defer h.leave(t)
	t.handler.ServeHTTP(w, r)
}

// enter takes the tenancy of the models as they are now. Where they cannot be opened the old one goes on.
func (h *house) enter() *tenancy {
	h.mu.Lock()
	defer h.mu.Unlock()
	if now := h.now(); now.Sub(h.looked) >= lookEvery {
		h.looked = now
		if revision := weights.Revision(h.models); revision != h.tenant.revision {
			if next, err := h.move(revision); err == nil {
				h.tenant.over = true
				h.shut(h.tenant)
				h.tenant = next
			}
		}
	}
	h.tenant.users++
	return h.tenant
}

func (h *house) leave(t *tenancy) {
	h.mu.Lock()
	defer h.mu.Unlock()
	t.users--
	h.shut(t)
}

// shut closes a tenancy that is over, once nobody is in it.
func (h *house) shut(t *tenancy) {
	if t.over && t.users == 0 {
		h.failed = errors.Join(h.failed, t.close())
	}
}

// Close closes the roles.
func (h *house) Close() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return errors.Join(h.failed, h.tenant.close())
}
