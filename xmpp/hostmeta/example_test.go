package hostmeta_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"log"
	"net/http"

	"github.com/canto-im/canto/xmpp/hostmeta"
	"github.com/canto-im/canto/xmpp/xmpptest"
)

func ExampleLookup() {
	srv, err := xmpptest.Start(&xmpptest.Options{Domain: "example.com", InMemory: true})
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()
	client := &http.Client{Transport: &http.Transport{ // for a domain on the Internet: nil
		DialContext:     srv.DialWeb,
		TLSClientConfig: &tls.Config{RootCAs: xmpptest.Roots()},
	}}
	defer client.CloseIdleConnections()

	found, err := hostmeta.Lookup(context.Background(), "example.com", client)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(found.WebSocket)
	// Output: [wss://example.com/xmpp-websocket]
}
