package lognotify_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	"showreel/engine/notify"
	"showreel/engine/notify/lognotify"
	"showreel/engine/notify/notifytest"
)

func TestSuite(t *testing.T) {
	notifytest.Run(t, func(t *testing.T) (notify.Driver, func() []notify.Message) {
		var out bytes.Buffer
		return lognotify.New(slog.New(slog.NewJSONHandler(&out, nil))), func() []notify.Message {
			var list []notify.Message
			for l := range strings.Lines(out.String()) {
				var entry struct {
					ID, Tenant, Name, Subject, Data string
					AtMS                            int64
				}
				if err := json.Unmarshal([]byte(l), &entry); err != nil {
					t.Fatal(err)
				}
				m := notify.Message{ID: entry.ID, Tenant: entry.Tenant, Name: entry.Name, Subject: entry.Subject, AtMS: entry.AtMS}
				if entry.Data != "" {
					m.Data = json.RawMessage(entry.Data)
				}
				list = append(list, m)
			}
			return list
		}
	})
}

func TestFailuresAreWarnings(t *testing.T) {
	var out bytes.Buffer
	d := lognotify.New(slog.New(slog.NewTextHandler(&out, nil)))
	if err := d.Send(t.Context(), notify.Message{Name: "asset.failed"}); err != nil || !strings.Contains(out.String(), "level=WARN") {
		t.Errorf("%v %s", err, out.String())
	}
}
