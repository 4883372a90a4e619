package server

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"slices"
	"strconv"
	"time"

	"github.com/canto-im/canto/internal/ns"
)

// A fastToken is a secret that a client can log in with; XEP-0484 §3.3.
type fastToken struct {
	secret    string
	mechanism string // the only one that it's good for
	expiry    time.Time
	count     uint64 // the last one that was used with it
}

// fastTokens are those of one installation of a client, in the two slots of XEP-0484 §5.1.
type fastTokens struct{ current, fresh *fastToken }

// tokenMechanisms are those that prove a token, with the channel-binding type of each.
var tokenMechanisms = []struct{ name, binding string }{
	{"HT-SHA-256-EXPR", bindExporter}, {"HT-SHA-256-UNIQ", bindUnique}, {"HT-SHA-256-ENDP", bindEndPoint}, {"HT-SHA-256-NONE", ""},
}

// offerFAST lists what this connection can do; nil is nothing.
func (c *conn) offerFAST() *Element {
	offer := el(ns.FAST, "fast")
	for _, m := range tokenMechanisms {
		wanted := c.srv.opts.SASL2.FAST
		_, can := c.tokenChannel(m.binding)
		if can && (wanted == nil || slices.Contains(wanted, m.name)) {
			c.fast = append(c.fast, m.name)
			offer = offer.with(el(ns.FAST, "mechanism").withText(m.name))
		}
	}
	if len(c.fast) == 0 {
		return nil
	}
	return offer
}

// tokenChannel returns the channel-binding data for a type, and whether this connection has it.
func (c *conn) tokenChannel(binding string) ([]byte, bool) {
	if binding == "" {
		return nil, true
	}
	return bindingData(c.saslFacts(), binding)
}

// A tokenExchange is the server's side of a mechanism of the family HT (draft-schmaus-kitten-sasl-ht-09).
type tokenExchange struct {
	conn      *conn
	mechanism string
	agent     string
	count     uint64
	counted   bool
	forget    bool // the client wants the token to be void from now on
	channel   []byte
}

func (c *conn) newTokenExchange(request, fast *Element) (saslExchange, *saslFailure) {
	x := &tokenExchange{conn: c, mechanism: request.attr("mechanism"), agent: agentID(request), forget: xsTrue(fast.attr("invalidate"))}
	if !slices.Contains(c.fast, x.mechanism) {
		return nil, failure("invalid-mechanism", "")
	}
	if x.agent == "" {
		// XEP-0484 §4.1: clients MUST provide a user-agent with an id
		return nil, failure("malformed-request", "a token is used without the user-agent's id")
	}
	if v := fast.attr("count"); v != "" {
		n, err := strconv.ParseUint(v, 10, 31)
		if err != nil || n == 0 { // XEP-0484 §3.4: a positive integer
			return nil, failure("malformed-request", "bad count")
		}
		x.count, x.counted = n, true
	}
	for _, m := range tokenMechanisms {
		if m.name == x.mechanism {
			x.channel, _ = c.tokenChannel(m.binding)
		}
	}
	return x, nil
}

func tokenProof(secret, who string, channel []byte) []byte {
	m := hmac.New(sha256.New, []byte(secret))
	m.Write([]byte(who))
	m.Write(channel)
	return m.Sum(nil)
}

// step takes initiator-msg and answers with responder-msg.
func (x *tokenExchange) step(in []byte) (saslReply, *saslFailure) {
	name, proof, ok := bytes.Cut(in, []byte{0})
	if !ok || len(name) == 0 || len(proof) == 0 {
		return saslReply{}, failure("malformed-request", "")
	}
	s := x.conn.srv
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.accounts[string(name)]
	if a == nil || a.fast[x.agent] == nil {
		return saslReply{}, failure("not-authorized", "")
	}
	slots := a.fast[x.agent]
	for _, t := range []*fastToken{slots.fresh, slots.current} {
		if t == nil || t.mechanism != x.mechanism || !hmac.Equal(proof, tokenProof(t.secret, "Initiator", x.channel)) {
			continue
		}
		if f := x.judge(t); f != nil {
			return saslReply{}, f
		}
		slots.current, slots.fresh = t, nil // XEP-0484 §5.1
		if x.forget {
			delete(a.fast, x.agent)
		}
		return saslReply{data: tokenProof(t.secret, "Responder", x.channel), done: true, user: string(name)}, nil
	}
	return saslReply{}, failure("not-authorized", "")
}

// judge refuses a token that is too old, or a use of it that is not new.
func (x *tokenExchange) judge(t *fastToken) *saslFailure {
	if !time.Now().Before(t.expiry) {
		return failure("credentials-expired", "")
	}
	if x.counted && x.count <= t.count {
		// XEP-0484 §3.4 demands this of early data only. A client that counts has no reason to repeat itself.
		return failure("not-authorized", "the count of the token was used before")
	}
	t.count = max(t.count, x.count)
	return nil
}

// grantToken returns the token that a client has asked for, or that is due; XEP-0484 §3.3, §3.5.
func (c *conn) grantToken(request *Element, reply saslReply) *Element {
	wanted, o := "", c.srv.opts.SASL2
	fast := request.child(ns.FAST, "fast")
	if fast != nil && o.Rotate && !xsTrue(fast.attr("invalidate")) {
		wanted = request.attr("mechanism")
	}
	if ask := request.child(ns.FAST, "request-token"); ask != nil {
		wanted = ask.attr("mechanism")
	}
	id := agentID(request)
	if id == "" || !slices.Contains(c.fast, wanted) {
		return nil
	}
	t := &fastToken{secret: "secret-token:" + rand.Text(), mechanism: wanted, expiry: time.Now().Add(o.TokenAge).UTC().Truncate(time.Second)}
	c.srv.mu.Lock()
	defer c.srv.mu.Unlock()
	a := c.srv.accounts[reply.user]
	if a.fast == nil {
		a.fast = make(map[string]*fastTokens)
	}
	if a.fast[id] == nil {
		a.fast[id] = new(fastTokens)
	}
	a.fast[id].fresh = t
	return el(ns.FAST, "token", "token", t.secret, "expiry", t.expiry.Format(time.RFC3339))
}

// ForgetTokens makes every FAST token of an account void (XEP-0484), as if its owner had logged all devices out.
func (s *Server) ForgetTokens(user string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.accounts[user]; a != nil {
		a.fast = nil
	}
}
