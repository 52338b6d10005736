//go:build cgo

package pipervoice

import (
	"bufio"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"unicode/utf8"

	"showreel/engine/voice"
	"showreel/fault"
)

// rate is the sample rate of the voices listed here, in Hz; frame is what one unit of duration is, in samples.
const (
	rate  = 22_050
	frame = 256
)

// known is a voice that can be installed. Licences as their packages and model cards state them.
type known struct {
	voice.Voice
	espeak string // espeak-ng's name of the language
}

var voices = []known{
	{voice.Voice{ID: "piper-joe", Name: "Joe", Language: "en-US", Sex: "m", Licence: "package MIT; data set CC0", Model: "piper-joe 1.0.0"}, "en-us"},
	{voice.Voice{ID: "piper-jenny", Name: "Jenny", Language: "en-GB", Sex: "f", Licence: "module MIT; the data set (Jenny, Dioco) has terms of its own, named in the model card: credit \"Jenny (Dioco)\"", Model: "piper-jenny 2023-10-30"}, "en-gb-x-rp"},
	{voice.Voice{ID: "piper-alan", Name: "Alan", Language: "en-GB", Sex: "m", Licence: "module MIT; the data set's terms stand in the model card", Model: "piper-alan 2023-10-30"}, "en-gb-x-rp"},
}

// find looks a voice up. Kind: fault.NotFound.
func find(id string) (known, error) {
	for _, v := range voices {
		if v.ID == id {
			return v, nil
		}
	}
	return known{}, fault.Say("voice.say", id, fault.NotFound, "no-such-voice", "There is no voice %q; the list of voices names those that exist.", id)
}

// missing says what has to be installed before the voice speaks, or "".
func (d *Driver) missing(v known) string {
	if _, err := exec.LookPath(d.o.Espeak); err != nil {
		return "The program espeak-ng is missing: install Debian's package espeak-ng."
	}
	for _, name := range []string{"model.onnx", "tokens.txt"} {
		if _, err := os.Stat(filepath.Join(d.o.Models, v.ID, name)); errors.Is(err, fs.ErrNotExist) {
			return "The voice is not installed: showreel models install " + v.ID
		}
	}
	return ""
}

// readTokens reads "symbol id" lines; the symbol may be a space.
func readTokens(path string) (map[rune]int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	ids := map[rune]int64{}
	for s := bufio.NewScanner(f); s.Scan(); {
		line := s.Text()
		cut := strings.LastIndexByte(line, ' ')
		if cut < 1 {
			continue
		}
		symbol, size := utf8.DecodeRuneInString(line)
		id, err := strconv.ParseInt(line[cut+1:], 10, 64)
		if err != nil || size != cut {
			return nil, fault.Say("voice.open", path, fault.Corrupt, "bad-voice", "The voice's list of phonemes is damaged; install the voice again.")
		}
		ids[symbol] = id
	}
	for _, r := range "_^$ .,?!" {
		if _, ok := ids[r]; !ok {
			return nil, fault.Say("voice.open", path, fault.Corrupt, "bad-voice", "The voice's list of phonemes is not complete; install the voice again.")
		}
	}
	return ids, nil
}
