// Package sasl proves who a client is: the mechanisms of SASL (RFC 4422) as XMPP uses them, without its XML and without a
// connection. Package xmpp runs them for its sessions; this is what it takes to run them elsewhere:
//
//	// What is known of the connection, and what the server offered.
//	conn := sasl.Conn{
//		Domain:       "example.org",
//		Encrypted:    true,
//		TLSVersion:   tlsConn.ConnectionState().Version,
//		Bindings:     sasl.TLSBindings(tlsConn.ConnectionState()),
//		Mechanisms:   []string{"SCRAM-SHA-256", "SCRAM-SHA-256-PLUS", "PLAIN"},
//		BindingTypes: []string{"tls-exporter", "tls-server-end-point"},
//	}
//	mechs := sasl.Select(sasl.Password("juliet", password, nil), conn)
//	if len(mechs) == 0 {
//		return errors.New("no mechanism in common")
//	}
//	x, err := mechs[0].Start(ctx, conn)
//	if err != nil {
//		return err
//	}
//	send("auth", mechs[0].Name(), x.Initial())
//	for {
//		switch kind, data := receive(); kind {
//		case "challenge":
//			answer, err := x.Next(ctx, data)
//			if err != nil {
//				return err
//			}
//			send("response", "", answer)
//		case "success":
//			return x.Success(data) // nil: authenticated, and the server has proved itself
//		case "failure":
//			return sasl.Refused(x, &sasl.Error{Condition: sasl.Condition(data)})
//		}
//	}
//
// # Mechanisms
//
// Password makes SCRAM (RFC 5802, RFC 7677) with SHA-512, SHA-256 and SHA-1, each with and without channel binding, and
// PLAIN (RFC 4616). Beside them stand External (RFC 4422 appendix A), Anonymous (RFC 4505), OAuthBearer (RFC 7628) and
// HashedToken, for the tokens of XEP-0484 (draft-schmaus-kitten-sasl-ht-09), which takes one message each way.
// A mechanism of another package needs the two interfaces Mechanism and Exchange, and nothing else.
//
// # What is proved, and what is refused
//
// SCRAM authenticates both sides. Success without the server's signature is an error (ErrUnverified, ErrSignature), as is a
// nonce that does not extend ours (ErrNonce), a demand for an extension (ErrExtension), an iteration count below
// MinIterations or above the caller's bound (ErrIterations, before anything is derived; the derivation itself ends with its
// context), and whatever the grammar of RFC 5802 section 7 does not have (ErrMalformed). Optional attributes that are not
// known are ignored, as that RFC demands.
//
// A man in the middle would rather attack a weaker mechanism. He has to get past
//
//   - the channel binding: with one in common, it is used, and there is no way back (Select);
//   - the flag that tells a server that we could have bound to the channel (RFC 5802 section 6), where -PLUS was stripped;
//   - the rules of XEP-0440 section 3 for offers that contradict themselves;
//   - the hash of the whole offer, where the server sends it (XEP-0474), and its version of TLS (XEP-0515). Both are
//     checked always. What ejabberd sends as the attribute "d" is an older form of the first and ignored.
//
// All of them end in ErrDowngrade or a ServerError, before the password has been of use to anybody. A server that offers
// nothing but PLAIN is beyond these means: to remember that an account once had better is the caller's part, who can set
// Conn.NeedHash where less is offered than was seen before. A hashed token is bound to the mechanism it was given out for:
// without that mechanism's channel binding it does not leave.
//
// On TLS 1.3, a server that offers -PLUS without saying which types it knows (XEP-0440) is taken to know none, since such
// servers exist and fail every attempt; on TLS 1.2 it is taken to know tls-unique, the default of RFC 5802 section 6.1.
//
// # User names and passwords
//
// Both are prepared with SASLprep (RFC 4013), for SCRAM because RFC 5802 section 5.1 demands it, and for PLAIN because the
// same password has to work with either. RFC 8265 has replaced SASLprep with the profiles UsernameCaseMapped,
// UsernameCasePreserved and OpaqueString, but the mechanisms, and the servers that stored the passwords, have not moved.
// The difference shows in compatibility characters (SASLprep makes "Ⅸ" into "IX", OpaqueString leaves it), in spaces of
// no width and soft hyphens (taken out, not refused), in empty results and right-to-left text (refused).
//
// One thing is taken from RFC 8265: characters that Unicode has got since version 3.2, all emoji among them, are allowed in
// passwords. RFC 5802 section 2.2 would refuse them as unassigned. They pass unchanged, as in the query strings of RFC 4616
// section 2. The preparation of Prosody 0.12 leaves them alone too; that of ejabberd 23.01 refuses them, so that such a
// password fails there at the server.
//
// # Architecture
//
// The package is a pure function of its input: no sockets, clocks, goroutines or XML; crypto/rand is used for nonces and
// nothing else. An exchange is a state machine over []byte, so that the profiles of RFC 6120 and XEP-0388 share it; what
// differs between them is the field SASL2 of Conn. The parsers of what servers send (scram_message.go, parseBearerError) are
// separate functions with fuzz targets of their own.
//
// Secrets are kept behind functions: package fmt calls no Format method for a value in an unexported field and prints what
// it finds, in one struct after the other. The methods on top make a mechanism print as "sasl.SCRAM-SHA-256" and no more.
// Errors hold no part of a message but single values, quoted, that help to find a fault.
package sasl
