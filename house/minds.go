package house

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"showreel/engine/language/locallanguage"
	"showreel/engine/language/remotelanguage"
	"showreel/engine/speech"
	"showreel/engine/speech/remotespeech"
	"showreel/engine/vision"
	"showreel/engine/vision/remotevision"
	"showreel/platform/sidecar"
	"showreel/product/analysis"
)

// helperMB is the private memory that the process of a role may map where the configuration names no other bound. It is a
// guard against a runaway, not what is used: whisper-base at work holds 435 MB and maps between 1.5 and 2.5 GB, most of
// which it never touches.
var helperMB = map[string]int64{"speech": 4000, "vision": 4000, "language": 2500, "voice": 2500}

// helperNice is how far a role's process stands back. Words are waited for, so that hearing goes before the ladder's encoders,
// which stand back by ladderNice; looking does not.
var helperNice = map[string]int{"speech": 0, "voice": 0, "vision": ladderNice, "language": ladderNice}

// ladderNice is how far the transcoder's children stand back behind the server and whoever waits for it.
const ladderNice = 5

// helper reaches the program that plays a role: helpers on other machines where the configuration names some, else a
// process of this machine that is started when it is first asked.
func (h *House) helper(role string) (*sidecar.Client, error) {
	var reach sidecar.Reach
	if len(h.cfg.AI.URL) > 0 {
		remote, err := sidecar.NewRemote(h.cfg.AI.Token, h.cfg.AI.URL...)
		if err != nil {
			return nil, err
		}
		reach = remote
	} else {
		mem := h.cfg.AI.MemoryMB
		if mem == 0 {
			mem = helperMB[role]
		}
		args := []string{"serve", "--roles", role, "--models", h.cfg.Models.Dir, "--native", h.native(), "--listen", "unix:%SOCKET%", "--workers", strconv.Itoa(h.mindWidth())}
		reach = sidecar.NewLocal(sidecar.LocalOptions{Name: role, Path: h.program(), Args: args, Dir: h.sockets(), MemMB: mem, Nice: helperNice[role],
			Idle: time.Duration(h.cfg.AI.IdleSeconds) * time.Second, Log: h.log})
	}
	c := sidecar.New(reach)
	h.onClose(c.Close)
	return c, nil
}

// sockets is a folder short enough for a socket's path (108 bytes, unix(7)).
func (h *House) sockets() string {
	if dir := h.path("tmp", "ai"); len(dir) < 60 {
		return dir
	}
	return filepath.Join(os.TempDir(), "showreel-ai-"+strconv.Itoa(os.Getpid()))
}

// program finds the helper program: as named, beside this program, or in PATH.
func (h *House) program() string {
	name := h.cfg.AI.Program
	if strings.ContainsRune(name, filepath.Separator) {
		return name
	}
	if self, err := os.Executable(); err == nil {
		if beside := filepath.Join(filepath.Dir(self), name); exists(beside) {
			return beside
		}
	}
	if found, err := exec.LookPath(name); err == nil {
		return found
	}
	return name
}

// native finds the folder of the native libraries.
func (h *House) native() string {
	if h.cfg.AI.Native != "" {
		return h.cfg.AI.Native
	}
	places := []string{filepath.Join(filepath.Dir(h.program()), "native"), h.path("native")}
	if cache, err := os.UserCacheDir(); err == nil {
		places = append(places, filepath.Join(cache, "showreel", "native"))
	}
	for _, p := range places {
		if exists(p) {
			return p
		}
	}
	return places[0]
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// mindWidth is how many calls of a role are answered in parallel.
func (h *House) mindWidth() int {
	if h.cfg.AI.Workers > 0 {
		return int(h.cfg.AI.Workers)
	}
	return int(max(1, min(4, cores(h.cfg.Work.Cores))))
}

// openAnalysis plugs the room with the engines that listen, look and read.
func (h *House) openAnalysis() error {
	d := analysis.Deps{DB: h.db, Outbox: h.outbox, Blobs: h.blobs, Flow: h.flow, Budget: h.budget, Library: h.library, Access: h.access, Audit: h.audit,
		Keys: h.ring, Costs: costs{h.samples}, Width: h.mindWidth(), Log: h.log}
	if h.ingest != nil {
		d.Working, d.Frames, d.Renderer, d.Captions = h.ingest, h.ingest, h.ingest, h.ingest
	}
	if h.ingest != nil {
		d.Publish = h.ingest
	}
	if err := h.openModels(); err != nil {
		return err
	}
	d.Models = h.models
	listens, err := h.helper("speech")
	if err != nil {
		return err
	}
	looks, err := h.helper("vision")
	if err != nil {
		return err
	}
	embeds, err := h.helper("language")
	if err != nil {
		return err
	}
	reads, err := locallanguage.New()
	if err != nil {
		return err
	}
	d.Speech, d.Vision = speech.New(remotespeech.New(listens)), vision.New(remotevision.New(looks))
	d.Embed, d.Analyze = remotelanguage.New(embeds), reads
	h.analysis = analysis.New(d)
	h.analysis.Flows(h.flow)
	h.library.AlsoForget(h.analysis.Forget)
	h.library.AlsoExport(h.analysis.PeoplePart())
	return nil
}
