package main

import (
	_ "embed" // the script
	"fmt"

	"gopkg.in/yaml.v3"
)

//go:embed script.yaml
var source []byte

// script is what script.yaml says. Times are in seconds of a story, places in parts of the picture.
type script struct {
	Title   string
	Voices  map[string]speaker
	Music   []string
	Stories []story
}

type speaker struct {
	Voice string
	Name  string
	Speed float64
}

type story struct {
	Speaker  string
	Text     string
	Lower    *lower
	Pictures []picture
}

// lower is a lower third.
type lower struct {
	Lines     []string
	From, For float64
}

type picture struct {
	File  string
	Move  string  // in, out, left, right, up, down; footage moves by itself
	At    float64 // where footage starts, s
	Y     *float64
	Enter string
	Share float64
	Sign  *sign
}

// sign is a board that stands in the scene and moves with it; x, y and width are parts of the still picture.
type sign struct {
	Text        []string
	X, Y, Width float64
}

func readScript() (script, error) {
	var s script
	if err := yaml.Unmarshal(source, &s); err != nil {
		return s, err
	}
	for n, st := range s.Stories {
		if _, ok := s.Voices[st.Speaker]; !ok {
			return s, fmt.Errorf("story %d: there is no speaker %q", n+1, st.Speaker)
		}
		for _, p := range st.Pictures {
			if p.Share <= 0 || p.File == "" {
				return s, fmt.Errorf("story %d: a picture without file or share", n+1)
			}
			switch p.Enter {
			case "cut", "dissolve", "fade", "":
			default:
				return s, fmt.Errorf("story %d: there is no transition %q", n+1, p.Enter)
			}
		}
	}
	return s, nil
}
