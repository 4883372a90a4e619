// Muc-bot is a bot in a room: it welcomes who comes, and answers !help, !who, !topic and !kick, the last of these to moderators alone. It
// comes back by itself when its connection is lost, and then answers what it was told meanwhile. Without arguments it talks to a server inside this
// program, which cuts its connection in the middle; with XMPP_JID, XMPP_PASSWORD and XMPP_ROOM (room@service/nickname) it is
// a bot on that account until interrupted. XMPP_ADDR (host:port) says where the server is when DNS does not; XMPP_DIRECT_TLS=1 says that this
// port speaks TLS from the first byte.
package main
