package house

import (
	"context"
	"encoding/json"
	"os"
	"time"

	"showreel/fault"
	"showreel/trust/access"
)

// LocalFile is where a running server leaves its address and a key for the machine's own user (mode 0600).
const LocalFile = "local.json"

// localKeyName marks the keys that belong to the process on a data folder; they are removed when it ends, and at its
// next start.
func (h *House) localKeyName() string { return "command line of " + h.instance }

// Local is the content of LocalFile.
type Local struct {
	URL string `json:"url"`
	Key string `json:"key"`
}

// LocalKey makes an administrator's key that lives as long as this process.
func (h *House) LocalKey(ctx context.Context) (string, error) {
	ctx = access.With(ctx, access.System(access.MainTenant))
	if err := h.dropLocalKeys(ctx); err != nil {
		return "", err
	}
	_, secret, err := h.access.CreateKey(ctx, access.NewKey{Name: h.localKeyName(), Roles: []string{access.RoleAdmin}})
	if err != nil {
		return "", err
	}
	h.onClose(func() error {
		ctx, cancel := context.WithTimeout(access.With(context.Background(), access.System(access.MainTenant)), 5*time.Second)
		defer cancel()
		return h.dropLocalKeys(ctx)
	})
	return secret, nil
}

func (h *House) dropLocalKeys(ctx context.Context) error {
	all, err := h.access.Keys(ctx)
	if err != nil {
		return err
	}
	for _, k := range all {
		if k.Name == h.localKeyName() {
			if err := h.access.DeleteKey(ctx, k.ID); err != nil && !fault.Is(err, fault.NotFound) {
				return err
			}
		}
	}
	return nil
}

// announce leaves the local file and tells the caller where the server is.
func (h *House) announce(ctx context.Context) error {
	if !h.opts.Serve {
		return nil
	}
	key, err := h.LocalKey(ctx)
	if err != nil {
		return err
	}
	raw, err := json.Marshal(Local{URL: h.server.URL(), Key: key})
	if err != nil {
		return fault.E("house.announce", "", fault.Internal, err)
	}
	if err := os.WriteFile(h.path(LocalFile), raw, 0o600); err != nil {
		return fault.E("house.announce", LocalFile, fault.Unavailable, err)
	}
	h.onClose(func() error { return os.Remove(h.path(LocalFile)) })
	if h.opts.Announce == nil {
		return nil
	}
	link, err := h.setupLink(ctx)
	if err != nil {
		return err
	}
	h.opts.Announce(h.server.URL(), link)
	return nil
}

// setupLink makes the first administrator's link, "" where one exists already or nobody signs in at this process.
func (h *House) setupLink(ctx context.Context) (string, error) {
	if !h.receives() {
		return "", nil
	}
	token, err := h.access.SetupToken(ctx)
	if err != nil || token == "" {
		return "", err
	}
	return h.server.URL() + "/setup?token=" + token, nil
}
