package delivery

import (
	"context"

	"showreel/fault"
	"showreel/media"
	"showreel/product/library"
	"showreel/trust/access"
)

// Codes of the refusals to play.
const (
	codeNotPlayable = "not-playable"
	codeHeld        = "held"
)

// notYet says why nothing of a version can be played, in place of cause, which only says that there is nothing: quality
// holds it for a person (fault.Conflict "held"), its processing failed, or its job is on its way (fault.NotFound
// "not-playable"). Errors of another code are returned as they are.
func (s *Service) notYet(ctx context.Context, ref media.Ref, cause error) error {
	if fault.CodeOf(cause) != codeNotPlayable {
		return cause
	}
	v, err := s.deps.Library.Version(access.With(ctx, access.System(ref.Tenant)), ref)
	if err != nil {
		return cause
	}
	switch v.State {
	case library.Held:
		return held(ctx, fault.Conflict, ref.Asset, v.Error)
	case library.Failed:
		return fault.Say("delivery.play", ref.Asset, fault.NotFound, codeNotPlayable,
			"Nothing of this asset can be played, for its job did not end well. Look at the job, then retry it or send a better file.")
	}
	return fault.Say("delivery.play", ref.Asset, fault.NotFound, codeNotPlayable, "Nothing of this asset can be played yet; wait for its job.")
}

// held says that a version waits for a person, what holds it, and where to let it go. Who only holds a link is not told of
// findings.
func held(ctx context.Context, kind fault.Kind, asset string, why *library.Failure) error {
	const op = "delivery.play"
	if !access.WhoFrom(ctx).Known() || why == nil {
		return fault.Say(op, asset, kind, codeHeld, "This is held until a person has looked at it; it cannot be played before they release it.")
	}
	return fault.Say(op, asset, kind, codeHeld,
		"This is held by the quality gate. %s To let it go, waive what was found with a reason, under Findings on the page of the asset, or release its job; otherwise send a better file.", why.Text)
}
