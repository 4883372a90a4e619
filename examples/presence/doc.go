// Presence is a script around one's own presence and that of others: it announces who of the contacts comes and goes, says
// when one of them is there at last, goes away after idle minutes, and tells the contacts what stands in a file or what a
// command of the shell prints ("dnd in a meeting"; see presence.Parse).
//
//	presence [-idle 10m] [-file status.txt] [-command "git log -1 --format=%s"] [-wait contact] [contact…]
//
// Contacts are addresses; without any, all of the roster are meant. A line typed counts as activity. Without XMPP_JID it talks to
// a server inside this program; with XMPP_JID and XMPP_PASSWORD it runs on that account until interrupted. XMPP_ADDR (host:port)
// says where the server is when DNS does not; XMPP_DIRECT_TLS=1 says that this port speaks TLS from the first byte.
package main
