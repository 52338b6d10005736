package delivery

import "net/netip"

// Geo says where an address is. It is the operator's database; without one every country is unknown, which territory
// windows refuse.
type Geo interface {
	// Country returns the ISO 3166-1 alpha-2 code of an address, "" when it is not known.
	Country(addr netip.Addr) string
}
