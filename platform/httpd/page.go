package httpd

import (
	"encoding/base64"
	"encoding/json"

	"showreel/fault"
)

// Page is one page of a list. Next is an opaque cursor, empty on the last page; Total is given where counting is cheap.
type Page[T any] struct {
	Items []T    `json:"items" nullable:"false" doc:"The items of this page, in order"`
	Next  string `json:"next,omitempty" doc:"Pass as cursor to get the following page; absent on the last page"`
	Total *int64 `json:"total,omitempty" doc:"How many items there are in all, where it is known"`
}

// MarshalJSON writes an empty page's items as an empty list, as the schema says.
func (p Page[T]) MarshalJSON() ([]byte, error) {
	if p.Items == nil {
		p.Items = []T{}
	}
	type plain Page[T]
	return json.Marshal(plain(p))
}

const cursorMax = 2048 // bytes of a cursor; ours are far below

// EncodeCursor makes a position into an opaque string for Page.Next. T must survive JSON.
func EncodeCursor[T any](position T) string {
	b, err := json.Marshal(position)
	if err != nil {
		panic("httpd: a cursor position must be plain data: " + err.Error())
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// DecodeCursor is the reverse of EncodeCursor. An empty cursor is the zero position (the first page); a broken one is
// fault.Invalid with code "cursor".
func DecodeCursor[T any](cursor string) (T, error) {
	var position T
	if cursor == "" {
		return position, nil
	}
	bad := fault.Say("httpd.cursor", "", fault.Invalid, "cursor",
		"The cursor is not one of ours; start again from the first page.")
	if len(cursor) > cursorMax {
		return position, bad
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil {
		return position, bad
	}
	if err := json.Unmarshal(b, &position); err != nil {
		var zero T
		return zero, bad
	}
	return position, nil
}
