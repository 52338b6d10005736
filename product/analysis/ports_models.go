package analysis

import (
	"context"

	modelfiles "showreel/engine/catalogue"
)

// ModelFiles installs and checks the models' files. engine/catalogue fits.
type ModelFiles interface {
	List() ([]modelfiles.Status, error)
	Want(names ...string) error
	Verify(ctx context.Context, names []string) ([]modelfiles.Check, error)
	Use(role, id string) error
}
