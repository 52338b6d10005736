package main

// truth is what is true of the film, exactly. Times are milliseconds from its start, frames count from 0, boxes are parts of
// the picture.
type truth struct {
	Made       string     `json:"made"` // hash of all that it was made from
	Title      string     `json:"title"`
	Synthetic  string     `json:"synthetic"`
	Licence    string     `json:"licence"`
	Voices     []credit   `json:"voices"`
	FPS        int        `json:"fps"`
	Frames     int        `json:"frames"`
	Words      []word     `json:"words"`
	Turns      []turn     `json:"turns"`
	Captions   []caption  `json:"captions"`
	Boundaries []boundary `json:"boundaries"`
}

type credit struct {
	ID      string `json:"id"`
	Licence string `json:"licence"`
}

type word struct {
	Text    string  `json:"text"`
	StartMS float64 `json:"startMs"`
	EndMS   float64 `json:"endMs"`
	Speaker string  `json:"speaker"`
}

type turn struct {
	Speaker string  `json:"speaker"`
	Voice   string  `json:"voice"`
	StartMS float64 `json:"startMs"`
	EndMS   float64 `json:"endMs"`
	Text    string  `json:"text"`
}

// caption is a lower third or a sign. Frames are half open; Box is at the first frame, Last at the last one.
type caption struct {
	Kind  string     `json:"kind"` // lower-third, sign, title
	Lines []string   `json:"lines"`
	Start int        `json:"startFrame"`
	End   int        `json:"endFrame"`
	Box   [4]float64 `json:"box"` // x, y, width, height
	Last  [4]float64 `json:"lastBox"`
}

// boundary is where one shot becomes the next. Frame is the first frame of the new shot of a cut; a dissolve or fade lasts
// the frames Frame..End, half open.
type boundary struct {
	Kind  string `json:"kind"` // cut, dissolve, fade
	Frame int    `json:"frame"`
	End   int    `json:"endFrame"`
}
