package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/roster"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
)

// patience is how long one check may take.
const patience = 30 * time.Second

// An examination is a report under way.
type examination struct {
	*report
	opts        *xmpp.Options
	contactOpts *xmpp.Options
	one, two    *xmpp.Session // of the account; one asks for a resource, two takes what it gets
}

// A check tries one thing. It returns what is worth telling.
type check struct {
	area, what string
	run        func(e *examination, ctx context.Context) (detail string, err error)
}

// checks are what is tried once there are two sessions, in this order.
var checks = []check{
	{"RFC 6120: stanzas", "ping", (*examination).ping},
	{"RFC 6120: stanzas", "question and answer", (*examination).ask},
	{"RFC 6120: stanzas", "error replies", (*examination).errors},
	{"RFC 6120: stanzas", "order of 200 messages", (*examination).order},
	{"RFC 6120: stanzas", "a message of 50,000 bytes", (*examination).large},
	{"RFC 6121: messages, presence", "message to self", (*examination).message},
	{"RFC 6121: messages, presence", "presence to self", (*examination).presence},
	{"RFC 6121: messages, presence", "roster", (*examination).roster},
	{"RFC 6121: subscriptions", "request, approval, end", (*examination).subscriptions},
	{"RFC 6121: subscriptions", "pre-approval", (*examination).preApproval},
	{"XEP-0198: stream management", "acknowledged delivery", (*examination).deliver},
	{"XEP-0198: stream management", "resumption after a cut", (*examination).resume},
	{"XEP-0030: service discovery", "disco#info, disco#items", (*examination).discover},
	{"RFC 6120: the stream", "keepalive", (*examination).keepalive},
	{"RFC 6120: the stream", "conflict of resources", (*examination).conflict},
	{"RFC 6120: the stream", "orderly close", (*examination).close},
}

// examine tries all.
func (e *examination) examine(ctx context.Context) {
	if !e.login(ctx) {
		return
	}
	defer e.two.Close()
	defer e.one.Close()
	for _, c := range checks {
		ctx, cancel := context.WithTimeout(ctx, patience)
		start := time.Now()
		detail, err := c.run(e, ctx)
		e.add(c.area, c.what, detail, time.Since(start), 0, err)
		cancel()
	}
}

// login makes the two sessions and says how.
func (e *examination) login(ctx context.Context) bool {
	const area = "Connection"
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	o, network := through(e.opts)
	o.Lang = "en"
	o.Trace = &xmpp.Trace{Step: func(step xmpp.Step, addr string, took time.Duration, err error) {
		e.add(area, "step "+string(step), addr, took, 0, err)
	}}
	start := time.Now()
	asked, err := e.account.WithResource(fmt.Sprintf("interop %d", start.UnixNano()))
	if err != nil {
		e.add(area, "login", "", 0, 0, err)
		return false
	}
	e.one, err = xmpp.Dial(ctx, asked, o)
	if err != nil {
		e.add(area, "login", "", time.Since(start), 0, err)
		return false
	}
	e.add(area, "login", "", time.Since(start), network.trips(), nil)
	e.add(area, "requested resource", "it was bound", 0, 0, expect(e.one.JID() == asked, "the server has bound another"))
	e.two, err = xmpp.Dial(ctx, e.account, e.opts)
	e.add(area, "a resource of the server's", "a second session of the account has one", 0, 0, err)
	if err != nil {
		e.one.Close()
		return false
	}
	e.state(e.one.ConnectionState())
	return true
}

// state says what was negotiated.
func (e *examination) state(s xmpp.ConnectionState) {
	const area = "Security"
	way := map[bool]string{true: "direct TLS", false: "STARTTLS"}[s.DirectTLS]
	e.add(area, "TLS", fmt.Sprintf("%s, %s, %s", tls.VersionName(s.TLS.Version), tls.CipherSuiteName(s.TLS.CipherSuite), way), 0, 0,
		expect(s.TLS.Version != 0, "the connection is in clear"))
	if certs := s.TLS.PeerCertificates; len(certs) > 0 {
		e.add(area, "certificate", fmt.Sprintf("of %q, until %s", certs[0].Issuer.CommonName, certs[0].NotAfter.Format(time.DateOnly)), 0, 0, nil)
	}
	e.add(area, "SASL", s.Mechanism+" of "+strings.Join(s.Mechanisms, " "), 0, 0, nil)
	err := error(nil)
	if s.ChannelBinding == "" {
		err = errNotOffered
	}
	e.add(area, "channel binding", s.ChannelBinding, 0, 0, err)
}

// expect is an error unless ok.
func expect(ok bool, otherwise string) error {
	if ok {
		return nil
	}
	return errors.New(otherwise)
}

// closed says why a channel gave nothing.
func closed(ctx context.Context, s *xmpp.Session) error {
	if err := ctx.Err(); err != nil {
		return errors.New("nothing came in time")
	}
	return fmt.Errorf("the session has ended: %w", s.Err())
}

// close ends both sessions in order.
func (e *examination) close(context.Context) (string, error) {
	return "both sides closed the stream", errors.Join(e.one.Close(), e.two.Close())
}

// roster fetches it, and has a change in one session pushed to the other.
func (e *examination) roster(ctx context.Context) (string, error) {
	one, err := roster.Open(ctx, e.one)
	if errors.Is(err, stanza.ServiceUnavailable) {
		return "", errNotOffered
	}
	if err != nil {
		return "", err
	}
	defer one.Close()
	two, err := roster.Open(ctx, e.two)
	if err != nil {
		return "", err
	}
	defer two.Close()
	before, changes := one.Len(), two.Changes(ctx)
	item := roster.Item{JID: jid.MustParse("canto-interop@" + e.domain), Name: "Canto's interop", Groups: []string{"interop"}}
	if err := one.Set(ctx, item); err != nil {
		return "", fmt.Errorf("set: %w", err)
	}
	there := func() bool { it, ok := two.Get(item.JID); return ok && it.Name == item.Name }
	pushed := await(changes, there)
	if err := one.Remove(ctx, item.JID); err != nil {
		return "", fmt.Errorf("remove: %w", err)
	}
	if removed := await(changes, func() bool { return !there() }); !pushed || !removed {
		return "", errors.New("the changes were not pushed to the other session")
	}
	versions := "without versions"
	if one.Version() != "" {
		versions = "with versions"
	}
	return fmt.Sprintf("%d contacts, %s; a set and a removal were pushed", before, versions), nil
}

// await looks again with each thing that comes, and reports whether it has seen what it waits for.
func await[T any](news <-chan T, seen func() bool) bool {
	for !seen() {
		if _, more := <-news; !more {
			return false
		}
	}
	return true
}
