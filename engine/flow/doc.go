// Package flow runs durable workflows: plain functions over a Ctx whose named steps are remembered, so that a run that
// is cut off at any point, by kill -9 too, goes on after the next start without redoing a finished step.
//
//	flow.Register(e, "ingest", func(c flow.Ctx, in Upload) (Done, error) {
//		info, err := flow.Do(c, "probe", func(ctx context.Context) (media.Info, error) { return probe(ctx, in.Key) })
//		…
//		parts, err := flow.Each(c, "encode", 4, tasks, func(ctx context.Context, t Task) (Part, error) { … })
//		…
//	})
//
// The rules of a workflow function: it reads no clock, starts no goroutine and does not depend on map order outside its
// steps; everything with an effect is in a step; a step is safe to repeat (it may run again when the machine dies
// between the effect and the record); inputs and results are small and JSON-able, large values travel as blob keys.
//
// The package is not a queue of heavy work (platform/budget decides what runs now) and not the place of progress, which
// is events. The durable engine is behind Driver. The ideas are those of durable execution with recorded steps
// (Temporal, DBOS: Skiadopoulos et al., DBOS: A DBMS-oriented Operating System, VLDB 2022) and of the transactional
// outbox for starts (Richardson, Microservices Patterns, §3.3).
package flow
