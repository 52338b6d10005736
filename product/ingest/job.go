package ingest

import (
	"time"

	"showreel/fault"
	"showreel/media"
)

// State is where a job stands.
type State string

// The states. Done, failed and cancelled are final; a retry leads out of the last two.
const (
	Queued    State = "queued"    // not begun
	Running   State = "running"   // at least one step works
	Waiting   State = "waiting"   // wants to work and cannot: WaitsFor says why
	Paused    State = "paused"    // a person said so
	Held      State = "held"      // waits for a person's decision: WaitsFor says which
	Done      State = "done"      //
	Failed    State = "failed"    // Error says why
	Cancelled State = "cancelled" //
)

// Final reports whether the job has ended.
func (s State) Final() bool { return s == Done || s == Failed || s == Cancelled }

// The stages of the workflow in order. Images and text pass fewer of them.
const (
	StageProbe     = "probe"
	StagePlan      = "plan"
	StagePreview   = "preview"
	StageTranscode = "transcode"
	StageStitch    = "stitch"
	StageVerify    = "verify"
	StageQuality   = "quality"
	StagePublish   = "publish"
)

// stagesOf lists the stages that a kind passes, in order.
func stagesOf(kind media.Kind) []string {
	switch kind {
	case media.Text:
		return []string{StageProbe, StagePublish}
	case media.Image:
		return []string{StageProbe, StagePlan, StageTranscode, StagePublish}
	case media.Audio:
		return []string{StageProbe, StagePlan, StageTranscode, StageStitch, StageVerify, StageQuality, StagePublish}
	}
	return []string{StageProbe, StagePlan, StagePreview, StageTranscode, StageStitch, StageVerify, StageQuality, StagePublish}
}

// stageWeight is the share of a job's whole work that a stage usually takes, for the progress bar. Measured on the
// "web" template: encoding dwarfs the rest.
var stageWeight = map[string]float64{
	StageProbe: 1, StagePlan: 1, StagePreview: 3, StageTranscode: 85, StageStitch: 4, StageVerify: 2, StageQuality: 1, StagePublish: 3,
}

// The lanes of platform/budget that jobs may use, quickest first.
const (
	LaneInteractive = "interactive"
	LaneNormal      = "normal"
	LaneBatch       = "batch"
)

// Stage is one stage of a job.
type Stage struct {
	Name     string  `json:"name"`
	State    string  `json:"state" enum:"todo,running,done"`
	Progress float64 `json:"progress" doc:"0 to 1"`
}

// JobError is what went wrong, as people and programs need it.
type JobError struct {
	Code string `json:"code" doc:"stable slug, the last part of the problem type"`
	Text string `json:"text" doc:"what happened and what to do"`
}

// Tasks counts the pieces of work of a job.
type Tasks struct {
	Total  int `json:"total"`
	Done   int `json:"done"`
	Cached int `json:"cached" doc:"found finished in the chunk ledger"`
}

// Job is one run of the ingest workflow over one version of an asset, as people see it. Its id is the flow's key.
type Job struct {
	ID              string    `json:"id"`
	Tenant          string    `json:"-"`
	Asset           string    `json:"asset"`
	Version         int       `json:"version"`
	Kind            string    `json:"kind"`
	Name            string    `json:"name" doc:"the file's name as it was given, made safe to show"`
	Template        string    `json:"template"`
	TemplateVersion int       `json:"templateVersion"`
	Lane            string    `json:"lane" enum:"interactive,normal,batch"`
	Priority        int       `json:"priority" minimum:"0" maximum:"100"`
	State           State     `json:"state" enum:"queued,running,waiting,paused,held,done,failed,cancelled"`
	Stage           string    `json:"stage"`
	Stages          []Stage   `json:"stages"`
	Progress        float64   `json:"progress" doc:"0 to 1"`
	WaitsFor        string    `json:"waitsFor,omitempty" doc:"in words, while queued, waiting, paused or held"`
	EstimateMS      int64     `json:"estimateMs,omitempty" doc:"milliseconds still to go, 0 while unknown"`
	WorkMS          int64     `json:"workMs,omitempty" doc:"planned CPU milliseconds of all tasks"`
	CPUMS           int64     `json:"cpuMs,omitempty" doc:"CPU milliseconds used so far"`
	CreatedMS       int64     `json:"createdMs" doc:"the file was complete"`
	StartedMS       int64     `json:"startedMs,omitempty"`
	PlayableMS      int64     `json:"playableMs,omitempty" doc:"first moment a player could start"`
	EndedMS         int64     `json:"endedMs,omitempty"`
	Error           *JobError `json:"error,omitempty"`
	Tasks           Tasks     `json:"tasks"`
	Attempt         int       `json:"attempt"`
	Wanted          string    `json:"-"` // "" or "paused": what a person asked for, read by the worker
}

// Ref names the version the job works on.
func (j Job) Ref() media.Ref {
	return media.Ref{Tenant: j.Tenant, Asset: j.Asset, Version: j.Version}
}

// advance marks stage as running with the given progress (0..1) and every stage before it as done, and recomputes the
// whole.
func (j *Job) advance(stage string, progress float64) {
	at := -1
	for n := range j.Stages {
		if j.Stages[n].Name == stage {
			at = n
		}
	}
	if at < 0 {
		return
	}
	j.Stage = stage
	var done, all float64
	for n := range j.Stages {
		st := &j.Stages[n]
		switch {
		case n < at:
			st.State, st.Progress = "done", 1
		case n == at:
			st.State, st.Progress = "running", max(min(progress, 1), 0)
		default:
			st.State, st.Progress = "todo", 0
		}
		w := stageWeight[st.Name]
		all += w
		done += w * st.Progress
	}
	if all > 0 {
		j.Progress = max(j.Progress, done/all)
	}
}

// from is the moment now for this job: a wall clock that steps back puts nothing before what came first.
func (j *Job) from(now time.Time) int64 {
	return max(now.UnixMilli(), j.CreatedMS, j.StartedMS, j.PlayableMS)
}

// finish marks every stage done.
func (j *Job) finish(atMS int64) {
	for n := range j.Stages {
		j.Stages[n].State, j.Stages[n].Progress = "done", 1
	}
	j.State, j.Progress, j.WaitsFor, j.EstimateMS, j.EndedMS, j.Error = Done, 1, "", 0, atMS, nil
}

// fail records why the job ended.
func (j *Job) fail(err error, atMS int64) {
	j.State, j.WaitsFor, j.EstimateMS, j.EndedMS = Failed, "", 0, atMS
	j.Error = &JobError{Code: fault.CodeOf(err), Text: fault.TextOf(err)}
}

// estimate guesses the time to go from the time gone and the progress made.
func estimate(gone time.Duration, progress float64) time.Duration {
	if progress < 0.02 || gone <= 0 {
		return 0
	}
	return time.Duration(float64(gone) * (1 - progress) / progress)
}

func newStages(kind media.Kind) []Stage {
	var out []Stage
	for _, name := range stagesOf(kind) {
		out = append(out, Stage{Name: name, State: "todo"})
	}
	return out
}
