package ffmpegtranscode

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strings"

	"showreel/engine/transcode"
	"showreel/fault"
)

const checkFile = "decoded.txt"

// check decodes the first picture stream, or the first sound, at its own pace; the first error ends it.
func (b builder) check() []string {
	stream := 0
	if s := b.plan.Info.Main("video"); s != nil {
		stream = s.Index
	} else if s := b.plan.Info.Main("audio"); s != nil {
		stream = s.Index
	}
	a := append(b.head(true), "-xerror")
	a = append(a, b.input(0, 1, "-err_detect", "explode")...)
	a = append(append(a, "-map", fmt.Sprintf("0:%d", stream)), b.fpsMode("passthrough")...)
	return append(a, "-f", "framecrc", "file:"+checkFile)
}

// check proves that the whole source decodes: Corrupt "source-damaged" where it does not.
func (w *work) check(ctx context.Context) (transcode.Result, error) {
	if err := w.sweep(); err != nil {
		return transcode.Result{}, err
	}
	if err := w.ffmpeg(ctx, w.b.check(), nil); err != nil {
		return transcode.Result{}, err
	}
	n, err := countLines(w.path(checkFile))
	if err != nil {
		return transcode.Result{}, fault.E("transcode.run", w.task.ID, fault.Internal, err)
	}
	if n == 0 {
		return transcode.Result{}, w.damage(fmt.Errorf("nothing decoded"))
	}
	return transcode.Result{Decoded: n}, nil
}

// countLines counts framecrc's lines but for its header.
func countLines(path string) (int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	n := int64(0)
	sc := bufio.NewScanner(f)
	for sc.Scan() {
		if !strings.HasPrefix(sc.Text(), "#") {
			n++
		}
	}
	return n, sc.Err()
}
