package analysis

import (
	"context"

	"showreel/engine/meter"
	"showreel/media"
)

// Working makes the sound and the pictures of a version again where they are no longer among the working files. The house
// plugs in product/ingest.
type Working interface {
	// Redecode leaves the 16 kHz sound and one picture a second under the version's working keys.
	Redecode(ctx context.Context, ref media.Ref) error
}

// Consent says whether faces and voices of a tenant's people may be compared. The room's own setting says so where nobody
// else does.
type Consent interface {
	// Biometrics reports whether the tenant has turned comparison on, with a basis that is still valid.
	Biometrics(ctx context.Context, tenant string) (bool, error)
}

// Models tells when models were installed, removed or exchanged. The house plugs in the model folder.
type Models interface {
	// Revision changes whenever the set of models does.
	Revision(ctx context.Context) string
}

// Costs takes note of what each step used. engine/meter's recorder fits.
type Costs interface {
	Cost(ctx context.Context, c meter.Cost)
}
