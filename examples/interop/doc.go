// Interop tries the features of this library against a server and reports what worked, with timings and round trips: what an
// operator sends along with a report of a problem. Without arguments it talks to a server inside this program.
//
//	interop [-jid you@example.com] [-password …] [-contact other@example.com] [-contact-password …] [-addr host:port] [-direct] [-o report.md]
//
// XMPP_JID, XMPP_PASSWORD, XMPP_CONTACT, XMPP_CONTACT_PASSWORD, XMPP_ADDR and XMPP_DIRECT_TLS stand for the flags. The account is
// used as its owner would: two sessions talk to each other, one contact (canto-interop@ the domain) is put into the roster and
// taken out again. Subscriptions need a second account, -contact, on the same server: the two become contacts and part
// again; without one, the report says that they were not tried, and so it does where the two are contacts already. The report
// names the domain, not the accounts. The program exits with 1 when something did not work.
package main
