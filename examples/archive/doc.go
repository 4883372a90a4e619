// Archive copies the messages that a server keeps, of an account, of its conversation with one or of a room, into a file, and goes on with what is
// said from then on. Run again, it goes on where it was: nothing is missing and nothing is there twice, however it ended and whatever
// became of the connection.
//
//	archive [-with ADDRESS | -room ROOM@SERVICE/NICKNAME] [-dir FOLDER]
//
// FOLDER/messages.jsonl has a line of JSON for each message: what the archive calls it, when it was said, by whom, the text, and the whole of it as
// XML. FOLDER/state is what the next run needs. What comes while it runs is printed, too.
//
// Without XMPP_JID it runs twice on a server inside this program, stopped in the middle the first time; with XMPP_JID and XMPP_PASSWORD it runs on that
// account until interrupted. XMPP_ADDR (host:port) says where the server is when DNS does not; XMPP_DIRECT_TLS=1 says that this port
// speaks TLS from the first byte.
package main
