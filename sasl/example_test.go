package sasl_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/canto-im/canto/sasl"
)

// A login, with a script in place of the server.
func Example() {
	conn := sasl.Conn{Domain: "example.org", Encrypted: true, Mechanisms: []string{"PLAIN", "X-OAUTH2"}}
	mechs := sasl.Select(sasl.Password("juliet", "r0m30myr0m30", nil), conn)
	if len(mechs) == 0 {
		fmt.Println("no mechanism in common")
		return
	}
	x, err := mechs[0].Start(context.Background(), conn)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("C: auth %s %q\n", mechs[0].Name(), x.Initial())
	for _, kind := range []string{"success"} {
		fmt.Println("S:", kind)
		switch kind {
		case "challenge":
			answer, err := x.Next(context.Background(), nil)
			fmt.Printf("C: response %q %v\n", answer, err)
		case "success":
			fmt.Println("authenticated:", x.Success(nil) == nil)
		case "failure":
			fmt.Println(sasl.Refused(x, &sasl.Error{Condition: sasl.NotAuthorized}))
		}
	}
	// Output:
	// C: auth PLAIN "\x00juliet\x00r0m30myr0m30"
	// S: success
	// authenticated: true
}

// Select keeps what is usable and leaves out what an attacker would want us to fall back to.
func ExampleSelect() {
	conn := sasl.Conn{
		Encrypted:    true,
		Mechanisms:   []string{"PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"},
		Bindings:     []sasl.Binding{{Type: sasl.TLSExporter, Data: make([]byte, 32)}},
		BindingTypes: []string{sasl.TLSExporter},
	}
	fmt.Println(sasl.Select(sasl.Password("juliet", "r0m30myr0m30", nil), conn))
	conn.BindingTypes, conn.Mechanisms = nil, []string{"PLAIN", "SCRAM-SHA-1"}
	fmt.Println(sasl.Select(sasl.Password("juliet", "r0m30myr0m30", nil), conn))
	// Output:
	// [sasl.SCRAM-SHA-256-PLUS sasl.SCRAM-SHA-1-PLUS]
	// [sasl.SCRAM-SHA-1]
}

// No login without channel binding.
func ExamplePassword_channelBindingOnly() {
	mechs := slices.DeleteFunc(sasl.Password("juliet", "r0m30myr0m30", nil), func(m sasl.Mechanism) bool {
		return !strings.HasSuffix(m.Name(), "-PLUS")
	})
	conn := sasl.Conn{Encrypted: true, Mechanisms: []string{"SCRAM-SHA-1-PLUS", "PLAIN"}}
	for _, m := range mechs {
		fmt.Println(sasl.Usable(m, conn))
	}
	// Output:
	// sasl: SCRAM-SHA-512-PLUS: the server does not offer the mechanism: it offers "SCRAM-SHA-1-PLUS PLAIN"
	// sasl: SCRAM-SHA-256-PLUS: the server does not offer the mechanism: it offers "SCRAM-SHA-1-PLUS PLAIN"
	// sasl: SCRAM-SHA-1-PLUS: the connection and the server have no type of channel binding in common: the connection has "", the server announces nothing (XEP-0440)
}

// A token that the server refuses.
func ExampleOAuthBearer() {
	ctx := context.Background()
	m := sasl.OAuthBearer("juliet@example.org", func(context.Context) (string, error) {
		return "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==", nil
	})
	x, err := m.Start(ctx, sasl.Conn{Encrypted: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	answer, err := x.Next(ctx, []byte(`{"status":"invalid_token","scope":"xmpp"}`))
	fmt.Printf("%q %v\n", answer, err)

	err = sasl.Refused(x, &sasl.Error{Condition: sasl.NotAuthorized})
	var refused *sasl.BearerError
	if errors.As(err, &refused) {
		fmt.Println(refused.Status, refused.Scope, errors.Is(err, sasl.NotAuthorized))
	}
	// Output:
	// "\x01" <nil>
	// invalid_token xmpp true
}

// Keys that are kept spare a client that comes back the derivation.
func ExampleMemoryKeys() {
	var keys sasl.MemoryKeys
	mechs := sasl.Password("juliet", "r0m30myr0m30", &sasl.PasswordOptions{Keys: &keys})
	fmt.Println(len(mechs), "mechanisms share the keys")
	// Output: 7 mechanisms share the keys
}
