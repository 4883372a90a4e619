package bosh

import (
	"bytes"
	"crypto/tls"
	"sync"
)

// A pin holds the connections of a session to the certificate of the first.
//
// XEP-0124 §19.1: where another one is shown, the session ends, and no more requests are made.
type pin struct {
	check func(tls.ConnectionState) error // goes before; nil: nothing does

	mu    sync.Mutex        // protects leafs
	leafs map[string][]byte // by the name that was asked for: a proxy has one of its own
}

// pinned returns cfg with a pin in it.
func pinned(cfg *tls.Config) *tls.Config {
	if cfg == nil {
		cfg = &tls.Config{}
	}
	out := cfg.Clone()
	p := &pin{check: cfg.VerifyConnection, leafs: make(map[string][]byte)}
	out.VerifyConnection = p.verify
	return out
}

func (p *pin) verify(cs tls.ConnectionState) error {
	if p.check != nil {
		if err := p.check(cs); err != nil {
			return err
		}
	}
	if len(cs.PeerCertificates) == 0 {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	leaf := cs.PeerCertificates[0].Raw
	known, ok := p.leafs[cs.ServerName]
	switch {
	case !ok:
		p.leafs[cs.ServerName] = leaf
	case !bytes.Equal(known, leaf):
		return errOtherKey
	}
	return nil
}
