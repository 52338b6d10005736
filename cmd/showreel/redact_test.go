package main

import (
	"encoding/json"
	"testing"
)

// TestWhatIsHidden reads names out of --what.
func TestWhatIsHidden(t *testing.T) {
	for name, x := range map[string]struct {
		o    redactOptions
		want string
	}{
		"a name":   {redactOptions{what: []string{"pii", "person:Ada Lovelace"}, kinds: []string{"phone"}}, `{"cover":"","kinds":["phone"],"people":["Ada Lovelace"],"sound":"","what":["pii","person"]}`},
		"ids":      {redactOptions{people: []string{"p1"}}, `{"cover":"","people":["p1"],"sound":"","what":["person"]}`},
		"everyone": {redactOptions{what: []string{"people"}, sound: "mute", cover: "pixelate"}, `{"cover":"pixelate","sound":"mute","what":["people"]}`},
		"words":    {redactOptions{what: []string{"words"}, words: []string{"harbour"}}, `{"cover":"","sound":"","what":["words"],"words":["harbour"]}`},
	} {
		raw, err := json.Marshal(x.o.ask())
		if err != nil || string(raw) != x.want {
			t.Errorf("%s: %s %v", name, raw, err)
		}
	}
}
