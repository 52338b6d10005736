package config

import (
	"fmt"
	"net/url"
	"reflect"
	"strings"
)

// Line is one key as it stands.
type Line struct {
	Key    string `json:"key"`
	Value  string `json:"value"`  // secrets hidden
	Origin string `json:"origin"` // as Config.Origin
	Doc    string `json:"doc"`
}

const hidden = "***"

// Explain lists every key with its value and where it came from. Secrets, and passwords inside addresses, are hidden.
func (c *Config) Explain() []Line {
	var lines []Line
	v := reflect.ValueOf(c).Elem()
	for _, f := range fields() {
		lines = append(lines, Line{f.key, show(v.FieldByIndex(f.index), f.secret), c.origins[f.key], f.doc})
	}
	return lines
}

func show(v reflect.Value, secret bool) string {
	switch v.Kind() {
	case reflect.Slice:
		parts := make([]string, v.Len())
		for i := range parts {
			parts[i] = show(v.Index(i), secret)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case reflect.Struct:
		var parts []string
		for i := range v.NumField() {
			f := v.Type().Field(i)
			parts = append(parts, f.Tag.Get("key")+": "+show(v.Field(i), f.Tag.Get("secret") != ""))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case reflect.String:
		if v.Len() == 0 {
			return ""
		}
		if secret {
			return hidden
		}
		return hideInAddress(v.String())
	}
	return fmt.Sprint(v.Interface())
}

// hideInAddress keeps of an address with an authority what tells where it leads: no password, no query value but the
// harmless ones, and of a web address (a webhook's path is often its secret) the host alone.
func hideInAddress(s string) string {
	scheme, _, found := strings.Cut(s, "://")
	if !found {
		return s
	}
	u, err := url.Parse(s)
	if err != nil {
		return scheme + "://" + hidden
	}
	query := u.Query()
	for name := range query {
		switch name {
		case "endpoint", "region", "sslmode", "tls", "secure":
		default:
			query.Set(name, hidden)
		}
	}
	host := u.Host
	if u.User != nil {
		host = hidden + "@" + host
	}
	path := u.Path
	if (scheme == "http" || scheme == "https") && strings.Trim(path, "/") != "" {
		path = "/" + hidden
	}
	out := scheme + "://" + host + path
	if len(query) > 0 {
		out += "?" + strings.ReplaceAll(query.Encode(), url.QueryEscape(hidden), hidden)
	}
	return out
}
