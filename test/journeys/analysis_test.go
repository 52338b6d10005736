package journeys_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"showreel/platform/sidecar/sidecartest"
	"showreel/test/world"
)

// minds gives the servers of a test the real models and the program that runs them, as set-up brought them, and returns
// the folder that holds all of it.
func minds(t *testing.T, models ...string) string {
	t.Helper()
	cache, program := sidecartest.Cache(t), os.Getenv("SHOWREEL_AI")
	if program == "" {
		program = filepath.Join(world.Root(), "bin", "showreel-ai")
	}
	needs := []string{program, filepath.Join(cache, "native")}
	for _, m := range models {
		needs = append(needs, filepath.Join(cache, "models", m))
	}
	sidecartest.Need(t, needs...)
	t.Setenv("SHOWREEL_AI_PROGRAM", program)
	t.Setenv("SHOWREEL_AI_NATIVE", filepath.Join(cache, "native"))
	t.Setenv("SHOWREEL_MODELS_DIR", filepath.Join(cache, "models"))
	return cache
}

// allModels is what the default abilities use.
var allModels = []string{"whisper-base", "silero-vad", "resemblyzer", "nanodet", "ppocr-v6-det", "ppocr-v6-rec", "blazeface-back", "faceres", "efficientnet-lite2", "open-nsfw", "transnetv2", "bge-small-en"}

// patience is with an analysis on a machine that does other things as well.
const patience = 15 * time.Minute

// standing is an ability's state with an asset.
type standing struct {
	Ability    string `json:"ability"`
	State      string `json:"state"`
	Code       string `json:"code"`
	Text       string `json:"text"`
	Model      string `json:"model"`
	Pieces     int    `json:"pieces"`
	PiecesDone int    `json:"piecesDone"`
	Found      int    `json:"found"`
}

type understanding struct {
	Run *struct {
		ID    string `json:"id"`
		State string `json:"state"`
	} `json:"run"`
	Abilities []standing `json:"abilities"`
}

func (u understanding) over() bool { return u.Run != nil && u.Run.State != "open" }

func (u understanding) of(ability string) standing {
	for _, a := range u.Abilities {
		if a.Ability == ability {
			return a
		}
	}
	return standing{}
}

// analyze asks for abilities of an asset; none is all.
func analyze(t *testing.T, s *world.Server, asset, mode string, only ...string) understanding {
	t.Helper()
	var u understanding
	if err := s.JSON(t.Context(), http.MethodPost, "/v1/assets/"+asset+"/analysis", map[string]any{"only": only, "mode": mode}, &u); err != nil {
		t.Fatal(err)
	}
	return u
}

func analysisOf(t *testing.T, s *world.Server, asset string) understanding {
	t.Helper()
	var u understanding
	if err := s.JSON(t.Context(), http.MethodGet, "/v1/assets/"+asset+"/analysis", nil, &u); err != nil {
		t.Fatal(err)
	}
	return u
}

// understood waits until nothing more happens by itself.
func understood(t *testing.T, s *world.Server, asset string, within time.Duration) understanding {
	t.Helper()
	for end := time.Now().Add(within); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if u := analysisOf(t, s, asset); u.over() {
			return u
		}
	}
	t.Fatalf("the analysis did not end: %+v", analysisOf(t, s, asset))
	return understanding{}
}

// mark is an annotation as the API gives it.
type mark struct {
	ID      string  `json:"id"`
	Track   string  `json:"track"`
	StartMS int64   `json:"startMs"`
	EndMS   int64   `json:"endMs"`
	Label   string  `json:"label"`
	Text    string  `json:"text"`
	Lang    string  `json:"lang"`
	Score   float64 `json:"score"`
	Source  string  `json:"source"`
	Box     *struct{ X, Y, W, H float64 }
	Words   []struct {
		Text    string  `json:"text"`
		StartMS float64 `json:"startMs"`
	} `json:"words"`
}

// marks lists an asset's annotations of some tracks; none is all.
func marks(t *testing.T, s *world.Server, asset string, tracks ...string) []mark {
	t.Helper()
	var page struct {
		Items []mark `json:"items"`
	}
	if err := s.JSON(t.Context(), http.MethodGet, "/v1/assets/"+asset+"/annotations", nil, &page); err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(page.Items, func(m mark) bool { return len(tracks) > 0 && !slices.Contains(tracks, m.Track) })
}

// words counts what is said.
func words(list []mark) (n int) {
	for _, m := range list {
		if m.Track == "speech" {
			n += len(strings.Fields(m.Text))
		}
	}
	return n
}

// timeline is everything that is known of an asset, one line an annotation, without what differs from run to run by
// its nature: ids.
func timeline(t *testing.T, s *world.Server, asset string) []string {
	t.Helper()
	var page struct {
		Items []map[string]any `json:"items"`
	}
	if err := s.JSON(t.Context(), http.MethodGet, "/v1/assets/"+asset+"/annotations", nil, &page); err != nil {
		t.Fatal(err)
	}
	out := make([]string, len(page.Items))
	for n, item := range page.Items {
		delete(item, "id")
		delete(item, "run")
		raw, err := json.Marshal(item)
		if err != nil {
			t.Fatal(err)
		}
		out[n] = fmt.Sprintf("%v %s", item["track"], raw)
	}
	slices.Sort(out)
	return out
}

// made writes a file with ffmpeg.
func made(t *testing.T, name string, args ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if out, err := exec.CommandContext(t.Context(), "ffmpeg", append(append([]string{"-y", "-v", "error"}, args...), path)...).CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg %v: %v: %s", args, err, out)
	}
	return path
}

// excerpt cuts seconds out of the news bulletin: speech, a lower third, cuts.
func excerpt(t *testing.T, from, seconds int) string {
	t.Helper()
	film := filepath.Join(sidecartest.Cache(t), "samples", "bulletin.mp4")
	sidecartest.Need(t, film)
	return made(t, fmt.Sprintf("bulletin from %d.mp4", from), "-ss", fmt.Sprint(from), "-t", fmt.Sprint(seconds), "-i", film,
		"-vf", "scale=640:-2", "-c:v", "libx264", "-preset", "ultrafast", "-crf", "20", "-c:a", "aac")
}

// complain reports abilities that are not done.
func complain(t *testing.T, what string, u understanding) {
	t.Helper()
	for _, a := range u.Abilities {
		if a.State != "done" && a.State != "" {
			t.Errorf("%s: %s is %s: %s %s", what, a.Ability, a.State, a.Code, a.Text)
		}
	}
}
