package server

import (
	"maps"
	"slices"

	"github.com/canto-im/canto/internal/xmltext"
	"github.com/canto-im/canto/jid"
)

// A module adds one capability. All fields but the name are optional. Except for elements, everything runs with Server.mu held.
type module struct {
	name string

	// advertise returns the stream features for where the negotiation of a connection stands; the reader of c calls it.
	advertise func(c *conn) []*Element
	// elements are children of the stream that are no stanzas. They run in the reader of the connection, without the lock.
	elements map[xmltext.Name]elementHandler
	// strangers answers IQ requests of clients that have not authenticated, by their payload, without the lock.
	strangers map[xmltext.Name]strangerHandler
	// iqs answers IQ requests to the server and to its accounts.
	iqs []iqRoute
	// serverFeatures and accountFeatures are what service discovery says of the server and of each account.
	serverFeatures, accountFeatures []string
	// identities is what service discovery says that each account is, and accountItems what belongs to it.
	identities   []*Element
	accountItems func(rq *request) []*Element
	// hosts serves subdomains, by the label that stands before the server's domain ("rooms").
	hosts map[string]host
	// message is shown every message that comes from an account (sent) and to one, before it's delivered; true takes it off its way.
	message func(s *Server, owner *account, st *stanza, sent bool) bool
	// present runs when a session becomes available, after its presence was broadcast.
	present func(s *Server, ses *session)
	// announced runs with each available presence that a session broadcasts.
	announced func(s *Server, ses *session)
	// ended runs when a session has gone.
	ended func(s *Server, ses *session)
}

// An elementHandler acts on one child of the stream. A *streamError ends the stream, errRestart expects a new header.
type elementHandler func(c *conn, e *Element) error

// A strangerHandler answers a request as an iqHandler does.
type strangerHandler func(c *conn, iq, payload *Element) (*Element, *stanzaError)

// An iqRoute is one kind of request with what answers it.
type iqRoute struct {
	to     addressee
	typ    string // get, set; "" for both
	name   xmltext.Name
	answer iqHandler
}

// An addressee is a set of kinds of address that a request may have.
type addressee uint8

const (
	toServer  addressee = 1 << iota // the domain
	toOwn                           // the sender's own account: no address, or its bare JID
	toAccount                       // somebody else's bare JID
)

// An iqHandler answers a request with the payload of a result (nil: an empty one) or with an error.
type iqHandler func(rq *request) (*Element, *stanzaError)

// A request is an IQ of type get or set on its way to a handler.
type request struct {
	*stanza
	srv     *Server
	owner   *account // whose account is asked; nil when it's the server
	payload *Element
	after   []func() // runs once the answer was sent
}

// A host serves a subdomain.
type host struct {
	// title is what service discovery on the server's domain calls it.
	title string
	// handle gets every stanza to an address of the subdomain.
	handle func(s *Server, st *stanza)
	// archive returns the archive of an address; nil where the subdomain has none.
	archive func(s *Server, of jid.JID) *archive
}

// modules is the table of everything that the server can do beyond moving stanzas.
func modules() []module {
	return []module{
		startTLSModule(),
		saslModule(),
		sasl2Module(),
		bindModule(),
		sessionModule(),
		rosterModule(),
		offlineModule(),
		discoModule(),
		pingModule(),
		versionModule(),
		timeModule(),
		lastModule(),
		smModule(),
		registerModule(),
		inviteModule(),
		limitsModule(),
		pepModule(),
		pubsubModule(),
		privateModule(),
		bookmarksModule(),
		mamModule(),
		carbonsModule(), // after the archive, whose ids go with the copies
		roomsModule(),
	}
}

// tables is what the modules that a server has amount to. It does not change once the server runs.
type tables struct {
	modules   []module
	elements  map[xmltext.Name]elementHandler
	strangers map[xmltext.Name]strangerHandler
	iqs       []iqRoute
	hosts     map[string]host // by domain
}

func newTables(o Options, all []module) tables {
	t := tables{elements: make(map[xmltext.Name]elementHandler), strangers: make(map[xmltext.Name]strangerHandler), hosts: make(map[string]host)}
	for _, m := range all {
		if !o.has(m.name) {
			continue
		}
		t.modules = append(t.modules, m)
		for name, h := range m.elements {
			t.elements[name] = h
		}
		maps.Copy(t.strangers, m.strangers)
		t.iqs = append(t.iqs, m.iqs...)
		for label, h := range m.hosts {
			t.hosts[label+"."+o.Domain] = h
		}
	}
	return t
}

// iq finds the handler of a request.
func (t tables) iq(to addressee, typ string, name xmltext.Name) iqHandler {
	i := slices.IndexFunc(t.iqs, func(r iqRoute) bool {
		return r.to&to != 0 && (r.typ == "" || r.typ == typ) && r.name == name
	})
	if i < 0 {
		return nil
	}
	return t.iqs[i].answer
}

// host finds who serves a domain.
func (t tables) host(j jid.JID) (host, bool) {
	h, ok := t.hosts[j.Domainpart()]
	return h, ok
}
