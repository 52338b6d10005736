package house

import (
	"io/fs"

	"showreel/engine/catalogue"
	"showreel/fault"
	"showreel/platform/httpd"
	"showreel/tools"
)

// openModels opens the list of models over this machine's folder of them, and asks for those that the configuration
// wants installed.
func (h *House) openModels() error {
	scripts, err := fs.Sub(tools.Models, "models")
	if err != nil {
		return fault.E("house.models", "", fault.Internal, err)
	}
	h.models, err = catalogue.Open(catalogue.Options{Dir: h.cfg.Models.Dir, Mirror: h.cfg.Models.Mirror, Refuse: h.cfg.Models.Refuse, Scripts: scripts,
		Reserve: h.cfg.Work.ReserveDiskMB << 20, Client: httpd.SafeClient(httpd.SafeOptions{AllowPrivate: h.cfg.Pull.AllowPrivate}), Log: h.log})
	if err != nil || len(h.cfg.Models.Install) == 0 || !h.opts.Serve {
		return err
	}
	return h.models.Want(h.cfg.Models.Install...)
}
