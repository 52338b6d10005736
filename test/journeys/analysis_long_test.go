package journeys_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"showreel/engine/speech"
	"showreel/engine/speech/speechtest"
	"showreel/engine/vision/visiontest"
	"showreel/platform/sidecar/sidecartest"
	"showreel/test/world"
)

// tongue is a sentence in a language: of a real voice, or of a machine's.
type tongue struct {
	code   string
	prompt string // of a real voice
	text   string // for espeak-ng
}

var tongues = []tongue{
	{"en", "vm-sorry", ""}, {"fr", "agent-alreadyon", ""}, {"es", "agent-alreadyon", ""}, {"it", "agent-alreadyon", ""}, {"ru", "agent-alreadyon", ""},
	{"de", "", "Guten Abend, meine Damen und Herren. Die Brücke am Hafen ist heute wieder für den Verkehr freigegeben worden."},
	{"nl", "", "Goedenavond dames en heren. De brug bij de haven is vandaag weer open voor het verkeer."},
	{"pt", "", "Boa noite, senhoras e senhores. A ponte do porto foi hoje reaberta ao trânsito depois de três meses."},
	{"pl", "", "Dobry wieczór państwu. Most w porcie został dzisiaj ponownie otwarty dla ruchu samochodowego."},
	{"tr", "", "İyi akşamlar sayın seyirciler. Limandaki köprü bugün yeniden trafiğe açıldı ve herkes çok mutlu."},
	{"sv", "", "God kväll mina damer och herrar. Bron vid hamnen har i dag öppnats för trafik igen."},
	{"hi", "", "नमस्ते देवियों और सज्जनों। बंदरगाह का पुल आज फिर से यातायात के लिए खोल दिया गया है।"},
}

// gap is the pause between two languages, in seconds: from 20 on the transcript asks anew which language is spoken.
const gap = 21

// spokenIn is the sound of a sentence, 16 kHz.
func (l tongue) spokenIn(t *testing.T) []int16 {
	t.Helper()
	if l.prompt != "" {
		return speechtest.Prompts(t, l.code, l.prompt)[0].PCM
	}
	dir := t.TempDir()
	raw := filepath.Join(dir, "said.wav")
	if out, err := exec.CommandContext(t.Context(), "espeak-ng", "-v", l.code, "-s", "140", "-w", raw, l.text).CombinedOutput(); err != nil {
		t.Fatalf("espeak-ng: %v: %s", err, out)
	}
	pcm, err := speechtest.ReadWAV(made(t, l.code+".wav", "-i", raw, "-ar", "16000", "-ac", "1", "-c:a", "pcm_s16le"))
	if err != nil {
		t.Fatal(err)
	}
	return pcm
}

// TestBadInputsThatTakeLong is TestBadInputs with what takes minutes.
func TestBadInputsThatTakeLong(t *testing.T) {
	if os.Getenv("SHOWREEL_TEST_DEEP") != "1" {
		t.Skip("SHOWREEL_TEST_DEEP=1 runs it")
	}
	cache := minds(t, allModels...)
	sidecartest.Need(t, filepath.Join(cache, "prompts", "ru"), filepath.Join(cache, "samples", "cat.png"))
	starts := make([]int64, len(tongues))
	s := world.StartT(t, filepath.Join(t.TempDir(), "data"))
	understand(t, s, []odd{
		{"twelve languages", func(t *testing.T) string {
			var pcm []int16
			for n, l := range tongues {
				starts[n] = int64(len(pcm)) * 1000 / speech.SampleRate
				pcm = slices.Concat(pcm, l.spokenIn(t), make([]int16, gap*speech.SampleRate))
			}
			return made(t, "languages.flac", rawSound(t, pcm)...)
		}, func(t *testing.T, list []mark) { inTongues(t, list, starts) }},
		{"8K film", func(t *testing.T) string {
			return made(t, "8k.mp4", "-loop", "1", "-framerate", "5", "-t", "2", "-i", drawn(t, "cat.png", visiontest.Photo(t, "cat.png", 1920, 1080)),
				"-vf", "scale=7680:4320", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
		}, func(t *testing.T, list []mark) {
			count(t, list, "shot", 1)
			if l := on(list, "label"); len(l) == 0 || !strings.Contains(l[0].Text, "cat") {
				t.Errorf("a cat of 33 million pixels is told as %+v", l)
			}
		}},
	}, patience)
}

// inTongues wants the words of each real voice in its language. Those of espeak-ng's formant voices are listed, not held:
// whisper-base took 2 of 7 for what they are when this was written, which says more of the voices than of it.
func inTongues(t *testing.T, list []mark, starts []int64) {
	t.Helper()
	var wrong []string
	for n, l := range tongues {
		said, lang := "", ""
		for _, m := range on(list, "speech") {
			if m.StartMS >= starts[n]-1000 && (n+1 == len(starts) || m.StartMS < starts[n+1]-1000) {
				said, lang = said+" "+m.Text, m.Lang
			}
		}
		if lang != l.code {
			wrong = append(wrong, fmt.Sprintf("%s is taken for %q: %q", l.code, lang, said))
			if l.prompt != "" {
				t.Errorf("a real voice: %s", wrong[len(wrong)-1])
			}
		}
	}
	t.Logf("%d of %d languages told apart; %v", len(tongues)-len(wrong), len(tongues), wrong)
}
