package delivery

// What the external tests and fuzzers reach directly.
var (
	ParseRange = parseRange
	Unseal     = unseal
	Seal       = seal
	Send       = send
)

// Span and Content are the inner types of ParseRange and Send.
type (
	Span    = span
	Content = content
)

// MakeContent fills the fields a test varies.
func MakeContent(c content, size int64, etag string) content { c.size, c.etag = size, etag; return c }

// Bounds returns the fields of a span.
func (s span) Bounds() (from, size int64) { return s.from, s.size }

// Bytes is content over bytes.
func Bytes(b []byte) content { return memory(b, "text/plain", "no-store") }
