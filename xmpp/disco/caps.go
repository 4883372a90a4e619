package disco

import (
	"encoding/base64"
	"encoding/xml"
	"slices"
	"strings"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/stanza"
)

// What a peer may say of its capabilities with its presence.
const (
	maxNode   = 1024 // bytes
	maxHashes = 8
)

// caps is <c/> of XEP-0115 §4.
type caps struct {
	XMLName xml.Name `xml:"http://jabber.org/protocol/caps c"`
	Hash    string   `xml:"hash,attr"`
	Node    string   `xml:"node,attr"`
	Ver     string   `xml:"ver,attr"`
}

// caps2 is <c/> of XEP-0390 §5.4.
type caps2 struct {
	XMLName xml.Name `xml:"urn:xmpp:caps c"`
	Hashes  []hash2  `xml:"urn:xmpp:hashes:2 hash"`
}

type hash2 struct {
	Algo  string `xml:"algo,attr"`
	Value string `xml:",chardata"`
}

// A digest names what an entity can do by a hash of it. The zero one is none.
type digest struct {
	second bool // of XEP-0390
	algo   string
	value  string // in base64
}

// key is the name of the digest in a cache: the two specifications hash different things.
func (d digest) key() string {
	if d.second {
		return "2 " + d.algo + " " + d.value
	}
	return "1 " + d.algo + " " + d.value
}

// node is where to ask for what belongs to it. The node of XEP-0115 §6.2 begins with the one of the software, at.
func (d digest) node(at string) string {
	if d.second {
		return ns.Caps2 + "#" + d.algo + "." + d.value // XEP-0390 §4.3
	}
	return at + "#" + d.value
}

// of returns the digest of the same kind that i has, or an error if it has none.
func (d digest) of(i *Info) (digest, error) {
	hashed := i.hashed115
	if d.second {
		hashed = func() (string, error) { return i.hashed390("") }
	}
	s, err := hashed()
	return digest{d.second, d.algo, sum(d.algorithm(), s)}, err
}

// fits reports whether i is what d is the hash of.
func (d digest) fits(i *Info) bool {
	got, err := d.of(i)
	if err != nil || got == d || !d.second || i.lang == "" {
		return err == nil && got == d
	}
	s, err := i.hashed390(i.lang) // XEP-0390 §4.1: a language that is inherited counts, where the other side knew of it
	return err == nil && sum(d.algorithm(), s) == d.value
}

// advertised is what the presence of an entity says of its capabilities.
type advertised struct {
	digests []digest // those that can be checked, best first
	node    string   // of the software (XEP-0115); "" where it did not say
	asked   string   // the node to ask for, which its answer is the answer to; "" for none
}

// same reports whether two say the same.
func (a advertised) same(b advertised) bool {
	return a.node == b.node && a.asked == b.asked && slices.Equal(a.digests, b.digests)
}

// read returns what p says, and reports whether it says anything.
func read(p *stanza.Presence) (a advertised, ok bool) {
	if c, found := stanza.Find[caps2](p); found && len(c.Hashes) <= maxHashes {
		for _, h := range c.Hashes {
			d := digest{true, h.Algo, strings.TrimSpace(h.Value)}
			if d.algorithm() != nil && d.canonical() {
				a.digests = append(a.digests, d)
			}
		}
		if len(a.digests) > 0 {
			// XEP-0390 §7.2: then nothing is taken from a cache of XEP-0115.
			a.asked = a.digests[0].node("")
			return a, true
		}
	}
	c, found := stanza.Find[caps](p)
	if !found || c.Hash == "" || c.Ver == "" || len(c.Node)+len(c.Ver) > maxNode {
		return a, false // XEP-0115 §13: without a hash, it's the old format, which can't be checked
	}
	a.node = c.Node
	d := digest{false, c.Hash, c.Ver}
	a.asked = d.node(c.Node)
	if d.algorithm() != nil && d.canonical() {
		a.digests = []digest{d}
	}
	return a, true
}

// canonical reports whether the value is a hash at all.
func (d digest) canonical() bool {
	b, err := base64.StdEncoding.Strict().DecodeString(d.value)
	return err == nil && len(b) == d.algorithm()().Size()
}

// algorithm is the hash function; nil for one that we don't have.
func (d digest) algorithm() algorithm {
	if d.second {
		return algorithms390[d.algo]
	}
	return algorithms115[d.algo]
}
