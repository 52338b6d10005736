package ffmpegtranscode

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"showreel/engine/transcode"
	"showreel/fault"
)

// speech writes the 16 kHz WAV and the waveform that is read from it.
func (w *work) speech(ctx context.Context) (transcode.Result, error) {
	var res transcode.Result
	stream := w.b.speechStream()
	if stream < 0 {
		return res, fault.Say("transcode.run", w.task.ID, fault.Invalid, "bad-plan", "The source has no sound.")
	}
	if err := w.ffmpeg(ctx, w.b.speech(stream), nil); err != nil {
		return res, err
	}
	if w.plan.WaveformPPS > 0 {
		if err := w.waveform(); err != nil {
			return res, err
		}
		f, err := w.file(waveformFile, w.path(waveformFile), transcode.RoleWaveform)
		if err != nil {
			return res, err
		}
		res.Files = append(res.Files, f)
	}
	if !w.plan.Speech {
		_ = os.Remove(w.path(wavFile)) // the work folder goes away in any case
		return res, nil
	}
	f, err := w.file(wavFile, w.path(wavFile), transcode.RoleWAV)
	if err != nil {
		return res, err
	}
	f.Frames = (f.Bytes - wavHeader) / 2
	res.Files = append(res.Files, f)
	return res, nil
}

// wavHeader is the size of the header that ffmpeg writes with bitexact.
const wavHeader = 44

// waveformJSON is the format of BBC audiowaveform, version 2: pairs of minimum and maximum, 8 bit.
type waveformJSON struct {
	Version    int    `json:"version"`
	Channels   int    `json:"channels"`
	SampleRate int    `json:"sample_rate"`
	PerPixel   int    `json:"samples_per_pixel"`
	Bits       int    `json:"bits"`
	Length     int    `json:"length"`
	Data       []int8 `json:"data"`
}

func (w *work) waveform() error {
	f, err := os.Open(w.path(wavFile))
	if err != nil {
		return fault.E("transcode.run", w.task.ID, fault.Internal, err)
	}
	defer f.Close()
	r := bufio.NewReaderSize(f, 1<<20)
	if err := toData(r); err != nil {
		return fault.E("transcode.run", w.task.ID, fault.Internal, err)
	}
	out := waveformJSON{Version: 2, Channels: 1, SampleRate: 16000, PerPixel: max(1, 16000/w.plan.WaveformPPS), Bits: 8}
	if out.Data, err = peaks(r, out.PerPixel); err != nil {
		return fault.E("transcode.run", w.task.ID, fault.Internal, err)
	}
	out.Length = len(out.Data) / 2
	b, err := json.Marshal(out)
	if err != nil {
		return fault.E("transcode.run", w.task.ID, fault.Internal, err)
	}
	if err := os.WriteFile(w.path(waveformFile), b, 0o600); err != nil {
		return w.diskFault(err)
	}
	return nil
}

// toData skips a WAV's chunks up to its samples.
func toData(r *bufio.Reader) error {
	if _, err := r.Discard(12); err != nil {
		return err
	}
	var h [8]byte
	for range 64 {
		if _, err := io.ReadFull(r, h[:]); err != nil {
			return err
		}
		if string(h[:4]) == "data" {
			return nil
		}
		if _, err := r.Discard(int(binary.LittleEndian.Uint32(h[4:])+1) &^ 1); err != nil {
			return err
		}
	}
	return fmt.Errorf("no data chunk")
}

// peaks folds 16-bit samples into pairs of minimum and maximum, 8 bit.
func peaks(r io.Reader, per int) ([]int8, error) {
	var out []int8
	buf := make([]byte, 2*per)
	for {
		n, err := io.ReadFull(r, buf)
		if n >= 2 {
			lo, hi := int16(32767), int16(-32768)
			for i := 0; i+1 < n; i += 2 {
				v := int16(binary.LittleEndian.Uint16(buf[i:]))
				lo, hi = min(lo, v), max(hi, v)
			}
			out = append(out, int8(lo>>8), int8(hi>>8))
		}
		switch err {
		case nil:
		case io.EOF, io.ErrUnexpectedEOF:
			return out, nil
		default:
			return nil, err
		}
	}
}
