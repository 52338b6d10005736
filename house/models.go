package house

import (
	"io/fs"

	"showreel/engine/catalogue"
	"showreel/fault"
	"showreel/platform/config"
	"showreel/platform/httpd"
	"showreel/tools"
)

// ModelOptions says how the configuration wants models listed and installed, for the server and the command line.
func ModelOptions(cfg *config.Config) (catalogue.Options, error) {
	scripts, err := fs.Sub(tools.Models, "models")
	if err != nil {
		return catalogue.Options{}, fault.E("house.models", "", fault.Internal, err)
	}
	return catalogue.Options{Dir: cfg.Models.Dir, Mirror: cfg.Models.Mirror, Refuse: cfg.Models.Refuse, Scripts: scripts,
		Reserve: cfg.Work.ReserveDiskMB << 20, Client: httpd.SafeClient(httpd.SafeOptions{AllowPrivate: cfg.Pull.AllowPrivate})}, nil
}

// openModels opens the list of models over this machine's folder of them, and asks for those that the configuration
// wants installed.
func (h *House) openModels() error {
	o, err := ModelOptions(h.cfg)
	if err != nil {
		return err
	}
	o.Log = h.log
	h.models, err = catalogue.Open(o)
	if err != nil || len(h.cfg.Models.Install) == 0 || !h.opts.Serve {
		return err
	}
	return h.models.Want(h.cfg.Models.Install...)
}
