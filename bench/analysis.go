package main

import (
	"context"
	"fmt"
	"slices"
)

// analysisPart is one thing that is measured on its own.
type analysisPart struct {
	name string
	run  func(context.Context, *bench) error
}

// analysisParts are measured one after the other. The order puts what needs the idle machine first.
func analysisParts() []analysisPart {
	return []analysisPart{
		{"whole", benchWhole},
		{"words", benchSpeech},
		{"conditions", benchConditions},
		{"times", benchTimes},
		{"speechless", benchSilent},
		{"speakers", benchDiarization},
		{"voices", benchVoices},
		{"looking", seeing(benchLooking)},
		{"text", seeing(benchCaptions)},
		{"faces", seeing(benchFaces)},
		{"people", seeing(benchPeople)},
		{"shots", seeing(benchShots)},
		{"photos", seeing(benchPhotos)},
		{"language", benchLanguage},
		{"pii", benchPersonal},
		{"redaction", benchRedaction},
	}
}

// benchAnalysis measures what analysis understands and what that costs. A part that fails says so and the others go on.
func benchAnalysis(ctx context.Context, b *bench) error {
	failed := 0
	for _, p := range analysisParts() {
		if len(b.parts) > 0 && !slices.Contains(b.parts, p.name) {
			continue
		}
		b.say("-- %s", p.name)
		b.on = about{}
		if err := p.run(ctx, b); err != nil {
			b.on = about{}
			b.missing(p.name, "", err.Error())
			failed++
		}
		b.on = about{}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d parts could not be measured", failed)
	}
	return nil
}
