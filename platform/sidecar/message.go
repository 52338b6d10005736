package sidecar

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"

	"showreel/fault"
)

// ContentType is the media type of a message.
const ContentType = "application/x-showreel-parts"

const (
	magic     = "SRP1"
	headBytes = 8 << 20   // largest head
	bodyBytes = 512 << 20 // largest sum of parts
	maxParts  = 100_000
)

// writeMessage encodes a head and its parts.
func writeMessage(w io.Writer, head any, parts [][]byte) error {
	raw, err := json.Marshal(head)
	if err != nil {
		return err
	}
	buf := append(make([]byte, 0, len(raw)+12), magic...)
	buf = binary.LittleEndian.AppendUint32(buf, uint32(len(raw)))
	buf = append(buf, raw...)
	buf = binary.LittleEndian.AppendUint32(buf, uint32(len(parts)))
	for _, p := range parts {
		buf = binary.LittleEndian.AppendUint32(buf, uint32(len(p)))
		if _, err := w.Write(buf); err != nil {
			return err
		}
		if _, err := w.Write(p); err != nil {
			return err
		}
		buf = buf[:0]
	}
	_, err = w.Write(buf)
	return err
}

// readMessage decodes a message. The other side is not trusted: nothing is allocated on its word alone beyond the
// limits, and what arrives is read as it comes.
func readMessage(r io.Reader) (json.RawMessage, [][]byte, error) {
	var fixed [8]byte
	if _, err := io.ReadFull(r, fixed[:]); err != nil {
		return nil, nil, broken("it ended early", err)
	}
	if string(fixed[:4]) != magic {
		return nil, nil, broken("it does not begin as one", nil)
	}
	n := binary.LittleEndian.Uint32(fixed[4:])
	if n > headBytes {
		return nil, nil, broken(fmt.Sprintf("a head of %d bytes", n), nil)
	}
	head, err := take(r, n)
	if err != nil {
		return nil, nil, err
	}
	count, err := takeUint(r)
	if err != nil {
		return nil, nil, err
	}
	if count > maxParts {
		return nil, nil, broken(fmt.Sprintf("%d parts", count), nil)
	}
	var parts [][]byte
	total := int64(0)
	for range count {
		n, err := takeUint(r)
		if err != nil {
			return nil, nil, err
		}
		if total += int64(n); total > bodyBytes {
			return nil, nil, fault.Say("sidecar.message", "", fault.TooLarge, "message-too-large", "A request to a helper program may carry %d MB; send it in smaller pieces.", bodyBytes>>20)
		}
		p, err := take(r, n)
		if err != nil {
			return nil, nil, err
		}
		parts = append(parts, p)
	}
	return head, parts, nil
}

func takeUint(r io.Reader) (uint32, error) {
	var b [4]byte
	if _, err := io.ReadFull(r, b[:]); err != nil {
		return 0, broken("it ended early", err)
	}
	return binary.LittleEndian.Uint32(b[:]), nil
}

// take reads n bytes, growing as they arrive.
func take(r io.Reader, n uint32) ([]byte, error) {
	if n <= 1<<20 {
		b := make([]byte, n)
		if _, err := io.ReadFull(r, b); err != nil {
			return nil, broken("it ended early", err)
		}
		return b, nil
	}
	b, err := io.ReadAll(io.LimitReader(r, int64(n)))
	if err != nil || uint32(len(b)) != n {
		return nil, broken("it ended early", err)
	}
	return b, nil
}

func broken(what string, err error) error {
	e := fault.Say("sidecar.message", "", fault.Corrupt, "bad-message", "The helper program and the server do not understand each other (%s); run the same version of both.", what).(*fault.Error)
	e.Err = err
	return e
}
