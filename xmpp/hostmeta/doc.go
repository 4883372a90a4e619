// Package hostmeta finds the servers of a domain that speak XMPP over HTTP (XEP-0156): WebSocket (RFC 7395) and BOSH (XEP-0124).
//
//	found, err := hostmeta.Lookup(ctx, "example.com", nil)
//	if err != nil {
//		return err
//	}
//	fmt.Println(found.WebSocket, found.BOSH)
//
// Packages websocket and bosh ask it by themselves when they are given no URL. XEP-0156 §2.2 wants it asked after what RFC 6120
// says, which is what xmpp.Dial does without a Transport, has led nowhere.
//
// The documents are fetched over HTTPS only, through redirects too, and only wss: and https: URLs are taken from them: so the
// domain's certificate vouches for the delegation (RFC 7395 §6). What a server can make us read is bounded.
package hostmeta
