package stream

import (
	"crypto/sha1"
	"encoding/hex"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/xmltext"
)

// A Role is what we are on a stream. The zero value is a client; Component is the other one. Package xmpp has it in its
// options, where the packages below can say so and other modules cannot.
type Role struct{ component bool }

// Component is the role of an external component (XEP-0114).
func Component() Role { return Role{component: true} }

// IsComponent reports whether r is Component.
func (r Role) IsComponent() bool { return r.component }

// Content is the content namespace of such a stream: that of its stanzas.
func (r Role) Content() string {
	if r.component {
		return ns.Component
	}
	return ns.Client
}

// ReadComponentHeader is ReadHeader for the stream of a component, whose headers have no version (XEP-0114 §3, example 2).
// Without an id there is nothing that a handshake could be made of, but a stream error may follow: so does Prosody.
func ReadComponentHeader(d *xmltext.Decoder) (Header, error) { return readHeader(d) }

// Handshake is the text that proves to the server that we know the secret it shares with the component: the SHA-1 of the
// stream's id and the secret, in lowercase hexadecimal digits (XEP-0114 §3). The id is the value of the attribute, with
// its entities resolved.
func Handshake(streamID, secret string) string {
	sum := sha1.Sum([]byte(streamID + secret))
	return hex.EncodeToString(sum[:])
}
