//go:build cgo

package whisperspeech

import (
	"os"
	"path/filepath"
	"strings"

	"showreel/fault"
	"showreel/platform/weights"
)

// The roles of the catalogue that this driver plays.
const (
	roleTranscribe = "speech.transcribe"
	roleFast       = "speech.fast"
	roleVoices     = "speech.voices"
)

// versions are those of the catalogue, for folders without a manifest.
var versions = map[string]string{"whisper-base": "1.0.0 q8_0", "whisper-tiny-en": "0.1.0 q8_0"}

// specOf is the model that a folder holds, as the catalogue's choices and manifests say.
func specOf(f weights.Found, standard string) spec {
	s := spec{id: f.Name(standard), file: f.Path, model: f.ID, install: "showreel models install " + f.ID}
	s.heads = headsOf(f.ID + " " + filepath.Base(f.Path))
	return s
}

// sizes are whisper.cpp's names for the alignment heads of each size, the longer names first.
var sizes = []string{"large-v3-turbo", "large-v3", "large-v2", "large-v1", "medium.en", "medium", "small.en", "small", "base.en", "base", "tiny.en", "tiny"}

// headsOf finds the size of a Whisper model in its name; "" leaves word times to the timestamps of tokens.
func headsOf(name string) string {
	name = strings.NewReplacer("-en", ".en", "_", "-").Replace(strings.ToLower(name))
	for _, s := range sizes {
		if strings.Contains(name, s) {
			return s
		}
	}
	return ""
}

// named finds an installed model by its id, to run beside those in use. Kinds: fault.NotFound, fault.Unsupported for what is no
// Whisper model, fault.Unavailable where it is not installed.
func (d *Driver) named(id string) (*model, error) {
	const op = "speech.model"
	if !weights.SafeID(id) {
		return nil, fault.Say(op, id, fault.NotFound, "no-model", "There is no model %q.", id)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if m := d.extra[id]; m != nil {
		return m, m.missing()
	}
	f := weights.At(d.o.Models, id, "")
	if f.Role != "" && f.Role != roleTranscribe && f.Role != roleFast {
		return nil, fault.Say(op, id, fault.Unsupported, "other-role", "The model %s has the role %s; it does not transcribe.", id, f.Role)
	}
	if filepath.Base(f.Path) == id { // laid down by hand, without a manifest: its only file
		list, err := filepath.Glob(filepath.Join(f.Folder, "*.bin"))
		if err == nil && len(list) > 0 {
			f.Path = list[0]
		}
	}
	if st, err := os.Stat(f.Path); err != nil || st.IsDir() {
		return nil, fault.Say(op, id, fault.Unavailable, "model-missing", "The model %s is not installed: showreel models install %s", id, id)
	}
	m := newModel(d.o, specOf(f, versions[id]))
	d.extra[id] = m
	return m, nil
}
