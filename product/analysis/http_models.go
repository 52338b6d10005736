package analysis

import (
	"context"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	modelfiles "showreel/engine/catalogue"
	"showreel/fault"
	"showreel/platform/httpd"
	"showreel/trust/access"
	"showreel/trust/audit"
)

// ModelDoors are the routes about models. Installation itself runs in the background (catalogue.Run), so that a request
// never waits for a download.
type ModelDoors struct {
	Models ModelFiles
	Audit  *audit.Log // nil writes nothing
}

// Routes adds them.
func (d ModelDoors) Routes(srv *httpd.Server) {
	httpd.Register(srv, modelOperation(http.MethodGet, "/v1/models", "list-models", "Every model with its state, licence, origin and figures"), "system:read", d.list)
	install := modelOperation(http.MethodPost, "/v1/models/{id}/install", "install-model", "Install a model, or a set (default, optional, all), in the background")
	install.DefaultStatus = http.StatusAccepted
	httpd.Register(srv, install, "system:manage", d.install)
	verify := modelOperation(http.MethodPost, "/v1/models/{id}/verify", "verify-model", "Compare a model's files with their checksums, in the background; list-models tells how far it is and what came out")
	verify.DefaultStatus = http.StatusAccepted
	httpd.Register(srv, verify, "system:manage", d.verify)
	httpd.Register(srv, modelOperation(http.MethodPut, "/v1/models/use", "use-model", "Choose which model a role uses"), "system:manage", d.use)
}

func modelOperation(method, path, id, summary string) huma.Operation {
	return huma.Operation{Method: method, Path: path, OperationID: id, Summary: summary, Tags: []string{"models"}}
}

type modelsOut struct{ Body httpd.Page[modelfiles.Status] }

func (d ModelDoors) list(context.Context, *struct{}) (*modelsOut, error) {
	list, err := d.Models.List()
	return &modelsOut{Body: httpd.Page[modelfiles.Status]{Items: list}}, err
}

type modelIn struct {
	ID string `path:"id" maxLength:"64" doc:"A model, or a set: default, optional, all"`
}

func (d ModelDoors) install(ctx context.Context, in *modelIn) (*modelsOut, error) {
	if err := d.Models.Want(in.ID); err != nil {
		return nil, err
	}
	if err := d.record(ctx, "models:install", in.ID, ""); err != nil {
		return nil, err
	}
	out, err := d.list(ctx, nil)
	if err != nil {
		return nil, err
	}
	out.Body.Items = slices.DeleteFunc(out.Body.Items, func(s modelfiles.Status) bool { return s.ID != in.ID && !s.Wanted })
	return out, nil
}

func (d ModelDoors) verify(ctx context.Context, in *modelIn) (*modelsOut, error) {
	if err := d.Models.WantCheck(in.ID); err != nil {
		return nil, err
	}
	if err := d.record(ctx, "models:verify", in.ID, ""); err != nil {
		return nil, err
	}
	out, err := d.list(ctx, nil)
	if err != nil {
		return nil, err
	}
	out.Body.Items = slices.DeleteFunc(out.Body.Items, func(s modelfiles.Status) bool {
		return s.ID != in.ID && (s.Progress == nil || s.Progress.Step != modelfiles.StepVerifying)
	})
	return out, nil
}

type useIn struct {
	Body struct {
		Role  string `json:"role" minLength:"1" maxLength:"64"`
		Model string `json:"model" maxLength:"64" doc:"Empty goes back to the standard model"`
	}
}

type useOut struct{ Body modelfiles.Status }

func (d ModelDoors) use(ctx context.Context, in *useIn) (*useOut, error) {
	if err := d.Models.Use(in.Body.Role, in.Body.Model); err != nil {
		return nil, err
	}
	if err := d.record(ctx, "models:use", in.Body.Role, in.Body.Model); err != nil {
		return nil, err
	}
	list, err := d.Models.List()
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(list, func(s modelfiles.Status) bool { return s.Role == in.Body.Role && s.Using })
	if i < 0 {
		return nil, fault.E("models.use", in.Body.Role, fault.NotFound, nil)
	}
	return &useOut{Body: list[i]}, nil
}

func (d ModelDoors) record(ctx context.Context, action, subject, reason string) error {
	if d.Audit == nil {
		return nil
	}
	who := access.WhoFrom(ctx)
	return d.Audit.Record(ctx, audit.Entry{Tenant: who.Tenant, Actor: who.ID, ActorKind: who.Kind, Action: action, Subject: subject, Reason: reason})
}
