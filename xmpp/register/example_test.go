package register_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/register"
	"github.com/canto-im/canto/xmpp/xmpptest"
)

// An account is made, used, given another password, and removed.
func Example() {
	ctx := context.Background()
	srv, err := xmpptest.Start(&xmpptest.Options{Register: &xmpptest.Register{Form: true, Fields: []string{"email"}}})
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()
	o := srv.Options("nobody") // how to reach the server, and whom to trust
	o.Password = "Calliope"
	addr := srv.JID("juliet")

	s, err := register.Dial(ctx, addr, o, &register.Request{Values: map[string]string{"email": "juliet@example.com"}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("registered and logged in:", s.JID().Bare())

	_, err = register.Dial(ctx, addr, o, &register.Request{Values: map[string]string{"email": "other@example.com"}})
	fmt.Println("a second time:", errors.Is(err, stanza.Conflict))

	if err := register.ChangePassword(ctx, s, "Polyhymnia", nil); err != nil {
		log.Fatal(err)
	}
	if err := register.Remove(ctx, s, jid.JID{}, nil); err != nil {
		log.Fatal(err)
	}
	<-s.Done()
	fmt.Println("removed:", errors.Is(s.Err(), xmpp.NotAuthorized))
	// Output:
	// registered and logged in: juliet@canto.test
	// a second time: true
	// removed: true
}

// An administrator invites somebody, who registers where nobody else may.
func ExampleInviteAccount() {
	ctx := context.Background()
	srv, err := xmpptest.Start(&xmpptest.Options{Register: &xmpptest.Register{InviteOnly: true}})
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()
	admin, err := xmpp.Dial(ctx, srv.JID("admin"), srv.Options("admin"))
	if err != nil {
		log.Fatal(err)
	}
	defer admin.Close()
	made, err := register.InviteAccount(ctx, admin, "juliet")
	if err != nil {
		log.Fatal(err)
	}

	inv, err := register.ParseInvitation(made.URI) // as it came by mail
	if err != nil {
		log.Fatal(err)
	}
	o := srv.Options("nobody")
	o.Password = "Calliope"
	s, err := register.Dial(ctx, inv.Account, o, &register.Request{Token: inv.Token})
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	fmt.Println("welcome,", s.JID().Bare())
	// Output:
	// welcome, juliet@canto.test
}
