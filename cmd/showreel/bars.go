package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"showreel/engine/catalogue"
)

// bars shows progress: bars on a terminal, a plain line per change of state otherwise, nothing with --json.
type bars struct {
	c *cli
	p *mpb.Progress
}

func (c *cli) newBars() *bars {
	b := &bars{c: c}
	if !c.json && terminal(c.err) {
		b.p = mpb.New(mpb.WithOutput(c.err), mpb.WithWidth(40))
	}
	return b
}

// upload returns the function to call with bytes sent.
func (b *bars) upload(path string) func(int64) {
	info, err := os.Stat(path)
	if err != nil || b.p == nil {
		return func(int64) {}
	}
	bar := b.p.AddBar(info.Size(),
		mpb.PrependDecorators(decor.Name("upload "+printable(filepath.Base(path))+" ", decor.WCSyncSpaceR)),
		mpb.AppendDecorators(decor.CountersKibiByte("% .1f / % .1f")))
	return func(sent int64) { bar.SetCurrent(sent) }
}

// job returns the function to call with each state of a job.
func (b *bars) job(name string) func(jobRow) {
	name = printable(filepath.Base(name))
	if b.p == nil {
		last := ""
		return func(j jobRow) {
			if now := j.State + " " + j.Stage; now != last && !b.c.json {
				last = now
				fmt.Fprintf(b.c.err, "%s: %s %s\n", name, j.State, j.Stage)
			}
		}
	}
	stage := ""
	bar := b.p.AddBar(1000,
		mpb.PrependDecorators(decor.Name(name+" ", decor.WCSyncSpaceR), decor.Any(func(decor.Statistics) string { return stage }, decor.WCSyncSpaceR)),
		mpb.AppendDecorators(decor.Percentage()))
	return func(j jobRow) {
		stage = j.Stage
		if j.State != "running" {
			stage = j.State
		}
		bar.SetCurrent(int64(1000 * j.Progress))
		if j.over() {
			bar.SetCurrent(1000)
		}
	}
}

// model returns the function to call with each progress of a model's installation.
func (b *bars) model(id string) func(catalogue.Progress) {
	step := ""
	bar := b.p.AddBar(1,
		mpb.PrependDecorators(decor.Name(id+" ", decor.WCSyncSpaceR), decor.Any(func(decor.Statistics) string { return step }, decor.WCSyncSpaceR)),
		mpb.AppendDecorators(decor.CountersKibiByte("% .1f / % .1f")))
	return func(p catalogue.Progress) {
		step = p.Step
		switch {
		case p.Step == catalogue.StepFailed:
			bar.Abort(false)
		case p.Step == catalogue.StepReady:
			bar.SetTotal(max(p.Total, 1), false)
			bar.SetCurrent(max(p.Total, 1))
			bar.SetTotal(-1, true)
		default:
			bar.SetTotal(max(p.Total, p.Bytes+1), false)
			bar.SetCurrent(p.Bytes)
		}
	}
}

func (b *bars) stop() {
	if b.p != nil {
		b.p.Shutdown()
	}
}
