package server

import (
	"bytes"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"hash"
	"slices"
	"strings"
)

// A scramHash is one member of the SCRAM family (RFC 5802, RFC 7677).
type scramHash struct {
	name string
	new  func() hash.Hash
}

var (
	scramSHA1   = scramHash{"SHA-1", sha1.New}
	scramSHA256 = scramHash{"SHA-256", sha256.New}
	scramSHA512 = scramHash{"SHA-512", sha512.New}
)

func (h scramHash) sum(b []byte) []byte {
	d := h.new()
	d.Write(b)
	return d.Sum(nil)
}

func (h scramHash) hmac(key []byte, msg string) []byte {
	m := hmac.New(h.new, key)
	m.Write([]byte(msg))
	return m.Sum(nil)
}

// scramKeys are what a server needs of a password; RFC 5802 §3.
type scramKeys struct {
	salt       []byte
	iterations int
	stored     []byte // H(ClientKey)
	server     []byte // ServerKey
}

func (h scramHash) derive(password string, salt []byte, iterations int) (scramKeys, error) {
	salted, err := pbkdf2.Key(h.new, saslPrep(password), salt, iterations, h.new().Size())
	if err != nil {
		return scramKeys{}, err
	}
	return scramKeys{
		salt:       salt,
		iterations: iterations,
		stored:     h.sum(h.hmac(salted, "Client Key")),
		server:     h.hmac(salted, "Server Key"),
	}, nil
}

// scram is the server's side of RFC 5802.
type scram struct {
	facts saslFacts
	hash  scramHash
	plus  bool

	next        func(in []byte) (saslReply, *saslFailure)
	gs2         string // the gs2-header as it was sent
	binding     []byte // channel-binding data that the client has to repeat
	user        string
	known       bool // there is such an account
	keys        scramKeys
	nonce       string
	clientBare  string // client-first-message-bare
	serverFirst string
}

func newScram(f saslFacts, h scramHash, plus bool) *scram {
	s := &scram{facts: f, hash: h, plus: plus}
	s.next = s.clientFirst
	return s
}

func (s *scram) step(in []byte) (saslReply, *saslFailure) {
	if in == nil { // RFC 4422 §3: without an initial response the server's first challenge is empty
		return saslReply{}, nil
	}
	return s.next(in)
}

// clientFirst reads gs2-header n=user,r=nonce and answers with server-first-message.
func (s *scram) clientFirst(in []byte) (saslReply, *saslFailure) {
	// RFC 5802 §7: client-first-message = gs2-header client-first-message-bare; gs2-header = flag "," [authzid] ","
	parts := strings.SplitN(string(in), ",", 3)
	if len(parts) != 3 {
		return saslReply{}, failure("malformed-request", "no gs2-header")
	}
	s.gs2, s.clientBare = parts[0]+","+parts[1]+",", parts[2]
	if f := s.channelBinding(parts[0]); f != nil {
		return saslReply{}, f
	}
	attrs, err := scramAttrs(s.clientBare, "nr")
	if err != nil {
		return saslReply{}, failure("malformed-request", err.Error())
	}
	name, ok := scramUnescape(attrs['n'])
	if !ok || name == "" || attrs['r'] == "" {
		return saslReply{}, failure("malformed-request", "bad username or nonce")
	}
	if f := s.authorize(name, parts[1]); f != nil {
		return saslReply{}, f
	}
	return s.answerFirst(attrs['r'])
}

// authorize takes the username and the authorization identity, which may only be the account itself.
func (s *scram) authorize(name, authzid string) *saslFailure {
	s.user = name
	if authzid == "" {
		return nil
	}
	id, ok := scramUnescape(strings.TrimPrefix(authzid, "a="))
	if !ok || !strings.HasPrefix(authzid, "a=") {
		return failure("malformed-request", "bad authzid")
	}
	return authorizeAs(s.facts, name, id)
}

func (s *scram) answerFirst(clientNonce string) (saslReply, *saslFailure) {
	cred, ok := s.facts.accounts.credential(s.user)
	if !ok { // the same exchange for an unknown user, so that nobody can ask who exists
		cred = credential{password: rand.Text()}
	}
	s.known = ok
	keys, err := cred.scram(s.hash, s.facts.opts.Iterations)
	if err != nil {
		return saslReply{}, failure("temporary-auth-failure", err.Error())
	}
	s.keys = keys
	s.nonce = clientNonce + rand.Text()
	s.serverFirst = fmt.Sprintf("r=%s,s=%s,i=%d", s.nonce, base64.StdEncoding.EncodeToString(keys.salt), keys.iterations)
	if s.facts.opts.DowngradeProtection {
		s.serverFirst += ",h=" + base64.StdEncoding.EncodeToString(s.hash.sum(downgradeInput(s.facts)))
	}
	s.next = s.clientFinal
	return saslReply{data: []byte(s.serverFirst)}, nil
}

// channelBinding judges the gs2-cbind-flag; RFC 5802 §6.
func (s *scram) channelBinding(flag string) *saslFailure {
	kind, typ, _ := strings.Cut(flag, "=")
	switch {
	case kind == "p" && s.plus:
		data, ok := bindingData(s.facts, typ)
		if !ok {
			return failure("not-authorized", fmt.Sprintf("channel binding %q is not supported here", typ))
		}
		s.binding = data
		return nil
	case kind == "p":
		return failure("malformed-request", "channel binding without a -PLUS mechanism")
	case s.plus:
		return failure("malformed-request", "a -PLUS mechanism without channel binding")
	case flag == "y" && slices.ContainsFunc(s.facts.offered, func(m string) bool { return strings.HasSuffix(m, "-PLUS") }):
		// RFC 5802 §6: the client thinks that we offered none, and we did: somebody took it off the list.
		return failure("not-authorized", "the list of mechanisms was changed on its way")
	case flag == "y", flag == "n":
		return nil
	}
	return failure("malformed-request", fmt.Sprintf("bad channel-binding flag %q", flag))
}

// clientFinal checks c=, r= and the proof, and answers with the server's signature.
func (s *scram) clientFinal(in []byte) (saslReply, *saslFailure) {
	msg := string(in)
	i := strings.LastIndex(msg, ",p=")
	if i < 0 {
		return saslReply{}, failure("malformed-request", "no proof")
	}
	withoutProof := msg[:i]
	attrs, err := scramAttrs(withoutProof, "cr")
	if err != nil {
		return saslReply{}, failure("malformed-request", err.Error())
	}
	proof, err := base64.StdEncoding.DecodeString(msg[i+len(",p="):])
	if err != nil || len(proof) != len(s.keys.stored) {
		return saslReply{}, failure("malformed-request", "bad proof")
	}
	// RFC 5802 §5.1: the server MUST verify that the nonce is the one it sent, and that c= is what the client said before.
	if attrs['r'] != s.nonce {
		return saslReply{}, failure("not-authorized", "wrong nonce")
	}
	if attrs['c'] != base64.StdEncoding.EncodeToString(append([]byte(s.gs2), s.binding...)) {
		return saslReply{}, failure("not-authorized", "channel binding does not match")
	}
	auth := s.clientBare + "," + s.serverFirst + "," + withoutProof
	signature := s.hash.hmac(s.keys.stored, auth)
	clientKey := make([]byte, len(proof))
	subtle.XORBytes(clientKey, proof, signature)
	if !hmac.Equal(s.hash.sum(clientKey), s.keys.stored) || !s.known {
		return saslReply{}, failure("not-authorized", "")
	}
	final := "v=" + base64.StdEncoding.EncodeToString(s.hash.hmac(s.keys.server, auth))
	return s.finish([]byte(final))
}

func (s *scram) finish(final []byte) (saslReply, *saslFailure) {
	if !s.facts.opts.FinalInChallenge {
		return saslReply{data: final, done: true, user: s.user}, nil
	}
	// RFC 5802 §5 and RFC 4422 §3.6: where success carries no data the server's last message is one more challenge,
	// to which the client sends an empty response.
	s.next = func(in []byte) (saslReply, *saslFailure) {
		if len(in) != 0 {
			return saslReply{}, failure("malformed-request", "an empty response was expected")
		}
		return saslReply{done: true, user: s.user}, nil
	}
	return saslReply{data: final}, nil
}

// scramAttrs splits a=…,b=… and insists that it starts with the attributes named, in order; extensions may follow them.
func scramAttrs(msg, want string) (map[byte]string, error) {
	found := make(map[byte]string)
	for i, a := range strings.Split(msg, ",") {
		if len(a) < 2 || a[1] != '=' {
			return nil, fmt.Errorf("bad attribute %q", a)
		}
		// RFC 5802 §5.1: m= is a mandatory extension, and we know none.
		if i < len(want) && a[0] != want[i] || a[0] == 'm' {
			return nil, fmt.Errorf("unexpected attribute %q", a)
		}
		if _, twice := found[a[0]]; twice { // RFC 5802 §7: each attribute has its place
			return nil, fmt.Errorf("attribute %q twice", a[:1])
		}
		found[a[0]] = a[2:]
	}
	if len(found) < len(want) {
		return nil, fmt.Errorf("attribute missing in %q", msg)
	}
	return found, nil
}

// scramUnescape undoes =2C and =3D; RFC 5802 §5.1: any other use of "=" MUST make the authentication fail.
func scramUnescape(s string) (string, bool) {
	rest := strings.NewReplacer("=2C", "", "=3D", "").Replace(s)
	if strings.Contains(rest, "=") {
		return "", false
	}
	return strings.NewReplacer("=2C", ",", "=3D", "=").Replace(s), true
}

// downgradeInput is the text whose hash protects the lists of this stream's features; XEP-0474 §6.1.
func downgradeInput(f saslFacts) []byte {
	join := func(list []string) []byte {
		sorted := slices.Sorted(slices.Values(list))
		return []byte(strings.Join(sorted, "\x1e"))
	}
	s := join(f.offered)
	if f.announced != nil {
		s = bytes.Join([][]byte{s, join(f.announced)}, []byte{0x1f})
	}
	return s
}
