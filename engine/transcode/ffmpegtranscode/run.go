package ffmpegtranscode

import (
	"context"

	"showreel/engine/transcode"
)

func (d *Driver) Run(ctx context.Context, p transcode.Plan, t transcode.Task, env transcode.Env) (transcode.Result, error) {
	return transcode.Result{}, nil
}
