package house

import (
	"bufio"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"showreel/fault"
	"showreel/product/ingest"
	"showreel/product/library"
	"showreel/tools/samples"
	"showreel/trust/access"
)

// samplesDone marks a data folder whose sample library was added: what people delete stays deleted.
const samplesDone = "samples.done"

// loadSamples adds the sample library's files once, with the titles, licences and credits of the catalogue.
func (h *House) loadSamples(ctx context.Context) error {
	if _, err := os.Stat(h.path(samplesDone)); err == nil {
		return nil
	}
	ctx = access.With(ctx, access.System(access.MainTenant))
	added := 0
	for _, s := range slices.Backward(sampleRows()) { // the first of the list is the newest in the library
		path := filepath.Join(h.cfg.Samples, s.name)
		if _, err := os.Stat(path); err != nil {
			h.log.Warn("a sample is missing and left out", "name", s.name)
			continue
		}
		_, err := h.ingest.AddFile(ctx, path, ingest.Incoming{Name: s.name, About: library.NewAsset{Title: s.title,
			Rights: library.Rights{Source: s.source, Licence: s.licence, Credit: s.credit}}})
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			h.log.Warn("a sample was not added", "name", s.name, "err", err)
			continue
		}
		added++
	}
	h.log.Info("the sample library is being prepared", "files", added)
	if err := os.WriteFile(h.path(samplesDone), nil, 0o600); err != nil {
		return fault.E("house.samples", samplesDone, fault.Unavailable, err)
	}
	return nil
}

type sample struct{ name, title, licence, credit, source string }

// sampleRows reads the embedded list of samples: tab-separated, see its first lines.
func sampleRows() []sample {
	var out []sample
	for in := bufio.NewScanner(strings.NewReader(samples.Catalogue)); in.Scan(); {
		f := strings.Split(in.Text(), "\t")
		if strings.HasPrefix(in.Text(), "#") || len(f) < 11 {
			continue
		}
		out = append(out, sample{name: f[6], title: f[7], licence: f[8], credit: f[9], source: f[10]})
	}
	return out
}
