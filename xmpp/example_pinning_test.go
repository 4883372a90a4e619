package xmpp_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"log"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
)

// A program that knows the key of its server believes no other, whoever has signed for it. The certificate is checked for the
// domain all the same.
func ExampleOptions_pinning() {
	srv, err := xmpptest.Start(&xmpptest.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()

	known := make([]byte, sha256.Size) // of the server's key (SubjectPublicKeyInfo): here, of none
	o := &xmpp.Options{
		Addr:     srv.Addr(),
		Password: srv.Password("alice"),
		TLS: &tls.Config{
			RootCAs: xmpptest.Roots(),
			VerifyConnection: func(cs tls.ConnectionState) error {
				key := sha256.Sum256(cs.PeerCertificates[0].RawSubjectPublicKeyInfo)
				if !bytes.Equal(key[:], known) {
					return errors.New("the server has another key than the one that is pinned")
				}
				return nil
			},
		},
	}
	_, err = xmpp.Dial(context.Background(), jid.MustParse("alice@canto.test"), o)
	var failed *xmpp.DialError
	fmt.Println(errors.As(err, &failed), failed.Step, failed.Err)
	// Output: true tls the server has another key than the one that is pinned
}
