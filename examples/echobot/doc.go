// Echobot says back what it is told. Without arguments it talks to a server inside this program; with XMPP_JID and
// XMPP_PASSWORD it is a bot on that account until interrupted. XMPP_ADDR (host:port) says where the server is when DNS
// does not; XMPP_DIRECT_TLS=1 says that this port speaks TLS from the first byte.
package main
