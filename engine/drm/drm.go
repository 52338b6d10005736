// Package drm is the port to content keys: which AES-128 key protects which class of tracks of a content. It hands keys out
// and knows nothing of packaging, players or licences; platform/cmaf encrypts, product/delivery decides who may have a key.
//
// With the local driver and W3C ClearKey this is encrypted delivery (transport protection behind signed links), not robust
// DRM: a viewer who may play can read the key. Robust systems come with a key server driver.
package drm

import (
	"context"

	"showreel/fault"
)

// Class is a group of tracks that share a key, so that a device may get SD without HD.
type Class string

// The classes.
const (
	Audio Class = "audio"
	SD    Class = "sd"  // shorter side up to 576
	HD    Class = "hd"  // up to 1080
	UHD   Class = "uhd" // above
)

// Classes lists all classes in a fixed order.
func Classes() []Class { return []Class{Audio, SD, HD, UHD} }

// Known reports whether the class exists.
func (c Class) Known() bool { return c == Audio || c == SD || c == HD || c == UHD }

// ClassOf returns the class of a video whose shorter side has that many pixels; 0 is audio.
func ClassOf(shorterSide int) Class {
	switch {
	case shorterSide <= 0:
		return Audio
	case shorterSide <= 576:
		return SD
	case shorterSide <= 1080:
		return HD
	}
	return UHD
}

// ContentKey is one key. It is never logged; it has no text form on purpose.
type ContentKey struct {
	Class      Class
	KID        [16]byte
	Key        [16]byte
	ExplicitIV [16]byte // constant IV of cbcs when the provider dictates one; zero lets the packager derive one
	Systems    []System // signalling of commercial systems
}

// String hides the key.
func (k ContentKey) String() string { return "content key of class " + string(k.Class) }

// GoString hides the key from %#v.
func (k ContentKey) GoString() string { return k.String() }

// System is how a protection system is signalled for a key, as a key server sent it.
type System struct {
	ID   [16]byte
	PSSH []byte // a whole pssh box
	HLS  string // attribute list of an EXT-X-KEY line
	DASH string // ContentProtection element
}

// A Driver keeps or fetches keys. The same tenant, content and class give the same key until Rotate. Safe for concurrent
// use by several processes.
type Driver interface {
	// Keys returns one key for each class in order, making those that do not exist.
	Keys(ctx context.Context, tenant, contentID string, classes []Class) ([]ContentKey, error)
	// Rotate makes new keys for a content at the next Keys. fault.Unsupported if the provider decides alone.
	Rotate(ctx context.Context, tenant, contentID string) error
	// Forget destroys the keys of a content.
	Forget(ctx context.Context, tenant, contentID string) error
}

// Service is what the product sees of content keys.
type Service struct{ d Driver }

// New makes a provider over a driver.
func New(d Driver) *Service { return &Service{d: d} }

// maxContentID bounds content ids, in bytes.
const maxContentID = 200

// Keys returns the keys of a content, one for each class in the order asked, making what does not exist yet.
// fault.Invalid for an empty or overlong id or an unknown class; a driver's answer without a usable key is fault.Corrupt.
func (s *Service) Keys(ctx context.Context, tenant, contentID string, classes []Class) ([]ContentKey, error) {
	if err := checkID(tenant, contentID); err != nil {
		return nil, err
	}
	for _, c := range classes {
		if !c.Known() {
			return nil, fault.Say("drm.keys", contentID, fault.Invalid, "class", "There is no key class %q.", string(c))
		}
	}
	keys, err := s.d.Keys(ctx, tenant, contentID, classes)
	if err != nil {
		return nil, fault.E("drm.keys", contentID, "", err)
	}
	if len(keys) != len(classes) {
		return nil, fault.Say("drm.keys", contentID, fault.Corrupt, "keys", "The key provider did not answer for every class.")
	}
	for i, k := range keys {
		if k.Class != classes[i] || k.KID == ([16]byte{}) || k.Key == ([16]byte{}) {
			return nil, fault.Say("drm.keys", contentID, fault.Corrupt, "keys", "The key provider gave an unusable key.")
		}
	}
	return keys, nil
}

// Rotate gives a content new keys from the next Keys on. Presentations that play now fail at their next key request.
func (s *Service) Rotate(ctx context.Context, tenant, contentID string) error {
	if err := checkID(tenant, contentID); err != nil {
		return err
	}
	return wrap("drm.rotate", contentID, s.d.Rotate(ctx, tenant, contentID))
}

// Forget destroys the keys of a content. Forgetting what has none is no error.
func (s *Service) Forget(ctx context.Context, tenant, contentID string) error {
	if err := checkID(tenant, contentID); err != nil {
		return err
	}
	return wrap("drm.forget", contentID, s.d.Forget(ctx, tenant, contentID))
}

func checkID(tenant, contentID string) error {
	if tenant == "" || contentID == "" || len(contentID) > maxContentID {
		return fault.Say("drm.keys", contentID, fault.Invalid, "content-id", "A content id has 1 to %d bytes.", maxContentID)
	}
	return nil
}

func wrap(op, subject string, err error) error {
	if err == nil {
		return nil
	}
	return fault.E(op, subject, "", err)
}
