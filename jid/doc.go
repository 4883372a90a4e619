// Package jid implements XMPP addresses (RFC 7622), their escaping (XEP-0106) and xmpp: URIs (RFC 5122, XEP-0147).
//
//	addr, err := jid.Parse("Romeo@Montague.example/Orchard")
//	if err != nil {
//		return err
//	}
//	fmt.Println(addr)                // romeo@montague.example/Orchard
//	fmt.Println(addr.Localpart())    // romeo
//	fmt.Println(addr.Domainpart())   // montague.example
//	fmt.Println(addr.Resourcepart()) // Orchard
//	seen := map[jid.JID]bool{addr.Bare(): true}
//
// An address that was parsed is canonical, so that == is the comparison that the RFC asks for. Whatever comes from a user,
// a file or the wire goes through [Parse] once; after that no code needs to think of case, Unicode or lengths again.
package jid
