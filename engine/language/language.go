// Package language is the port to engines that read and write: vectors of texts (Embedder) and what a text says
// (Analyzer). Each ability is its own interface with its own engine. The role is that of Amazon Comprehend and of the
// embeddings of Bedrock; the defaults are showreel-ai for vectors and Go in process for analysis.
package language

import "context"

// Embedder turns texts into vectors of unit length; texts of one meaning lie close together.
type Embedder interface {
	// Embed returns one vector a text. A text longer than the model's window is cut and Cut counts it. Kind:
	// fault.Unavailable with what to install.
	Embed(ctx context.Context, texts []string) (Vectors, error)
}

// Vectors is an answer of an Embedder.
type Vectors struct {
	Values [][]float32 `json:"-"`
	Model  string      `json:"model"` // id and version: vectors of different models never compare
	Cut    int         `json:"cut,omitempty"`
}

// Analyzer says what a text says.
type Analyzer interface {
	// Analyze reads one text of at most 100,000 bytes. Offsets are bytes. Kind: fault.TooLarge.
	Analyze(ctx context.Context, text string, language string) (Analysis, error)
}

// The types of an Entity.
const (
	Person       = "person"
	Place        = "place"
	Organisation = "organisation"
	Date         = "date"
	Money        = "money"
	Quantity     = "quantity"
)

// Analysis of a text.
type Analysis struct {
	Language  string     `json:"language"` // ISO 639-1, "" if it cannot be told
	Sure      float64    `json:"sure"`     // of the language, 0..1
	Sentences []Span     `json:"sentences"`
	Entities  []Entity   `json:"entities"`
	Phrases   []Phrase   `json:"phrases"`   // key phrases, best first
	Sentiment []Feeling  `json:"sentiment"` // one a sentence, where the language is supported
	Personal  []Personal `json:"personal"`  // personal data
	Abusive   []Personal `json:"abusive"`   // words that moderation should look at
	Models    []string   `json:"models"`    // who says so
}

// Span is a stretch of bytes, half open.
type Span struct {
	Start int `json:"start"`
	End   int `json:"end"`
}

// Entity is something named.
type Entity struct {
	Span
	Type  string  `json:"type"`
	Text  string  `json:"text"`
	Value string  `json:"value,omitempty"` // normalised: 2026-11-24, EUR 12.50
	Score float64 `json:"score"`
}

// Phrase is a key phrase with all its occurrences.
type Phrase struct {
	Text  string  `json:"text"`
	Score float64 `json:"score"`
	Spans []Span  `json:"spans"`
}

// Feeling is the sentiment of one sentence, -1..1.
type Feeling struct {
	Span
	Score float64 `json:"score"`
}

// Personal is a stretch of a kind: "card", "email", "phone", "iban", "national-id", "plate", "name", or a class of abuse.
type Personal struct {
	Span
	Kind  string  `json:"kind"`
	Text  string  `json:"text"`
	Score float64 `json:"score"`
	Why   string  `json:"why"` // "Luhn digit right", "pattern of ES DNI"
}
