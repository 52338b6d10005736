package config

import (
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"showreel/fault"
)

// secretMin is the least length of a webhook's secret, in characters.
const secretMin = 16

// check looks at what no single key can: forms of addresses, and keys that belong together. It reports every fault at once.
func (c *Config) check() error {
	var wrong []string
	say := func(key, text string) { wrong = append(wrong, key+" ("+c.origins[key]+") "+text+".") }
	if c.Data == "" {
		say("data", "must name a directory")
	}
	if !hostPort(c.Listen) {
		say("listen", "must be address:port, for example 127.0.0.1:8080")
	}
	if c.PublicURL != "" && !origin(c.PublicURL) {
		say("publicURL", "must be https://host or http://host, without a path")
	}
	if c.TLS.Cert != "" && c.TLS.Key == "" {
		say("tls.cert", "needs tls.key as well")
	}
	if c.TLS.Key != "" && c.TLS.Cert == "" {
		say("tls.key", "needs tls.cert as well")
	}
	if _, err := c.Proxies(); err != nil {
		say("trustedProxies", "must be addresses or networks, for example [10.0.0.0/8]")
	}
	c.checkAddresses(say)
	c.checkLists(say)
	c.checkModels(say)
	c.checkTarget(say)
	if !c.Rooms.Library && (c.Rooms.Ingest || c.Rooms.Quality || c.Rooms.Delivery) {
		say("rooms.library", "can be off only when all other rooms are")
	}
	if len(wrong) == 0 {
		return nil
	}
	return fault.Say("config.load", "", fault.Invalid, "config", "%s", strings.Join(wrong, "\n"))
}

// checkTarget wants everything shared that the processes of a split installation must share.
func (c *Config) checkTarget(say func(key, text string)) {
	if c.Target == "all" {
		return
	}
	if !strings.HasPrefix(c.DB, "postgres") {
		say("target", "needs a db that machines can share; set db to postgres://…")
	}
	for _, s := range []struct{ key, value, hint string }{
		{"blob.raw", c.Blob.Raw, "s3://…"}, {"blob.processed", c.Blob.Processed, "s3://…"}, {"blob.generated", c.Blob.Generated, "s3://…"},
		{"keys", c.Keys, "file:/… on every machine, with the same content"},
	} {
		if s.value == "" {
			say(s.key, "must be set for target "+c.Target+", and be the same for every process; for example "+s.hint)
		}
	}
	for _, s := range []struct{ key, value string }{{"flow", c.Flow}, {"kv", c.KV}} {
		if s.value != "" && !strings.HasPrefix(s.value, "postgres") {
			say(s.key, "must be a postgres:// address for target "+c.Target+", or empty")
		}
	}
}

func (c *Config) checkAddresses(say func(key, text string)) {
	for _, a := range []struct{ key, value, schemes string }{
		{"db", c.DB, "sqlite postgres"}, {"flow", c.Flow, "sqlite postgres"}, {"kv", c.KV, "sqlite postgres"},
		{"blob.raw", c.Blob.Raw, "file s3"}, {"blob.processed", c.Blob.Processed, "file s3"},
		{"blob.generated", c.Blob.Generated, "file s3"}, {"keys", c.Keys, "file"},
	} {
		if a.value == "" {
			continue
		}
		scheme, rest, found := strings.Cut(a.value, ":")
		if scheme == "postgresql" {
			scheme = "postgres"
		}
		if !found || strings.Trim(rest, "/") == "" || !strings.Contains(" "+a.schemes+" ", " "+scheme+" ") {
			say(a.key, "must begin with one of "+strings.ReplaceAll(a.schemes, " ", ":, ")+":")
			continue
		}
		if scheme == "postgres" || scheme == "s3" {
			if u, err := url.Parse(a.value); err != nil || u.Host == "" {
				say(a.key, "is not a well-formed address")
			}
		}
	}
}

func (c *Config) checkLists(say func(key, text string)) {
	for i, w := range c.Watch {
		if w.Path == "" || w.Template == "" {
			say("watch", "entry "+strconv.Itoa(i+1)+" needs a path and a template")
		}
	}
	for i, h := range c.Notify.Webhooks {
		n := strconv.Itoa(i + 1)
		if u, err := url.Parse(h.URL); err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" {
			say("notify.webhooks", "entry "+n+" needs a url that begins with https://")
		}
		if len(h.Secret) < secretMin {
			say("notify.webhooks", "entry "+n+" needs a secret of at least "+strconv.Itoa(secretMin)+" characters")
		}
	}
}

func (c *Config) checkModels(say func(key, text string)) {
	for _, r := range c.Models.Refuse {
		if r != "unknown" && r != "non-commercial" {
			say("models.refuse", "knows unknown and non-commercial, not "+strconv.Quote(r))
		}
	}
	for _, address := range c.AI.URL {
		if !origin(address) {
			say("ai.url", "must be addresses such as http://host:7070, without a path")
		}
	}
	if len(c.AI.URL) > 0 && len(c.AI.Token) < secretMin {
		say("ai.url", "needs ai.token, at least "+strconv.Itoa(secretMin)+" characters")
	}
}

// Proxies returns TrustedProxies as networks.
func (c *Config) Proxies() ([]netip.Prefix, error) {
	var list []netip.Prefix
	for _, text := range c.TrustedProxies {
		if p, err := netip.ParsePrefix(text); err == nil {
			list = append(list, p.Masked())
			continue
		}
		addr, err := netip.ParseAddr(text)
		if err != nil {
			return nil, fault.E("config.proxies", text, fault.Invalid, err)
		}
		list = append(list, netip.PrefixFrom(addr.Unmap(), addr.Unmap().BitLen()))
	}
	return list, nil
}

func hostPort(s string) bool {
	_, port, err := net.SplitHostPort(s)
	if err != nil {
		return false
	}
	n, err := strconv.Atoi(port)
	return err == nil && n >= 0 && n <= 65535
}

func origin(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil &&
		(u.Path == "" || u.Path == "/") && u.RawQuery == "" && u.Fragment == ""
}
