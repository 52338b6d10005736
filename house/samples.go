package house

import (
	"bufio"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"showreel/fault"
	"showreel/product/ingest"
	"showreel/product/library"
	"showreel/tools/samples"
	"showreel/trust/access"
)

// samplesDone names, one a line, the samples a data folder was given: what people delete stays deleted.
const samplesDone = "samples.done"

// sampleWait is the pause between two looks for a sample that is still being made.
const sampleWait = 5 * time.Second

// loadSamples adds the sample library's files once, with the titles, licences and credits of the catalogue. A sample that
// is rendered here, not fetched, may come later than the server: it is added when its file is there.
func (h *House) loadSamples(ctx context.Context) error {
	ctx = access.With(ctx, access.System(access.MainTenant))
	done, err := h.samplesGiven()
	if err != nil {
		return err
	}
	var later []sample
	added := 0
	for _, s := range slices.Backward(sampleRows()) { // the first of the list is the newest in the library
		if done[s.name] {
			continue
		}
		if _, err := os.Stat(filepath.Join(h.cfg.Samples, s.name)); err != nil {
			if s.made {
				later = append(later, s)
			} else {
				h.log.Warn("a sample is missing and left out", "name", s.name)
			}
			continue
		}
		if err := h.addSample(ctx, s); err != nil {
			return err
		}
		added++
	}
	if added > 0 {
		h.log.Info("the sample library is being prepared", "files", added)
	}
	for len(later) > 0 {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(sampleWait):
		}
		if _, err := os.Stat(filepath.Join(h.cfg.Samples, later[0].name)); err != nil {
			continue
		}
		if err := h.addSample(ctx, later[0]); err != nil {
			return err
		}
		later = later[1:]
	}
	return nil
}

// addSample adds one file and notes that it was given; a file that cannot be added is told of, and not tried again.
func (h *House) addSample(ctx context.Context, s sample) error {
	_, err := h.ingest.AddFile(ctx, filepath.Join(h.cfg.Samples, s.name), ingest.Incoming{Name: s.name, About: library.NewAsset{Title: s.title,
		Rights: library.Rights{Source: s.source, Licence: s.licence, Credit: s.credit}}})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		h.log.Warn("a sample was not added", "name", s.name, "err", err)
	}
	f, err := os.OpenFile(h.path(samplesDone), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err == nil {
		_, err = f.WriteString(s.name + "\n")
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		return fault.E("house.samples", samplesDone, fault.Unavailable, err)
	}
	return nil
}

// samplesGiven reads the names of the samples added before.
func (h *House) samplesGiven() (map[string]bool, error) {
	raw, err := os.ReadFile(h.path(samplesDone))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fault.E("house.samples", samplesDone, fault.Unavailable, err)
	}
	done := map[string]bool{}
	for name := range strings.Lines(string(raw)) {
		done[strings.TrimSpace(name)] = true
	}
	return done, nil
}

type sample struct {
	name, title, licence, credit, source string
	made                                 bool // rendered here, not fetched
}

// sampleRows reads the embedded list of samples: tab-separated, see its first lines.
func sampleRows() []sample {
	var out []sample
	for in := bufio.NewScanner(strings.NewReader(samples.Catalogue)); in.Scan(); {
		f := strings.Split(in.Text(), "\t")
		if strings.HasPrefix(in.Text(), "#") || len(f) < 11 {
			continue
		}
		out = append(out, sample{name: f[6], title: f[7], licence: f[8], credit: f[9], source: f[10], made: f[0] == "made"})
	}
	return out
}
