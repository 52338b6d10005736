package analysis

import (
	modelfiles "showreel/engine/catalogue"
)

// ModelFiles installs and checks the models' files. engine/catalogue fits.
type ModelFiles interface {
	List() ([]modelfiles.Status, error)
	Want(names ...string) error
	WantCheck(names ...string) error
	Use(role, id string) error
}
