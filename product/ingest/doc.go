// Package ingest is the room through which content comes in: uploads (tus), pulls by URL and watch folders, and the
// durable workflow that turns a received file into something that plays: register, probe, plan, transcode in chunks,
// stitch, verify, quality gate, publish.
//
// It corresponds to "Ingestion & processing" of the platform's picture (MediaConvert with its job templates, Step
// Functions, the upload doors). It does not decode or encode itself (engine/transcode), does not run or retry steps
// itself (engine/flow owns all work), judges no quality (product/quality decides through the Gate port) and serves no
// stream (product/delivery does).
//
// Vocabulary: a template is a versioned recipe as data; a plan is a template applied to one probed source; a task is a
// piece of work of a plan (a chunk, the audio, the proxy); the chunk ledger is a content-addressed cache of finished
// tasks and leases nothing; a job is what people see: one run of the workflow over one version of an asset.
//
// Example: a 60 s film received by tus becomes asset A version 1 and job J in one transaction together with the start
// of flow "ingest" under key J. The flow probes the file, plans it with template "web", makes poster and proxy first
// (the asset plays from here on), then two 30 s chunks and the sound in parallel, joins each rung into one CMAF file,
// verifies it, asks the quality gate and publishes everything in one transaction.
package ingest
