// Package servers starts real XMPP servers on loopback for the tests: Prosody and ejabberd, as Debian packages them, each in
// an older version that is installed, and in a newer one that knows SASL2, Bind 2 and FAST.
//
//	func TestMain(m *testing.M) { leak.Main(servers.Stopping(m)) }
//
//	func TestLogin(t *testing.T) {
//		for _, kind := range servers.Kinds(t) {
//			t.Run(string(kind), func(t *testing.T) {
//				srv := servers.Shared(t, kind, servers.Config{})
//				user, password := srv.NewAccount(t)
//				… dial srv.Addr (STARTTLS) or srv.AddrTLS, trusting srv.CA …
//			})
//		}
//	}
//
// # Which servers
//
// A server that is there is used and one that is not has no subtests. The environment variable CANTO_SERVERS
// ("prosody,ejabberd,prosody13,ejabberd24") makes exactly those it names required: one that is missing fails the test instead.
// "none" runs without.
//
// The newer ones are packages of a later release of Debian than the system. [Fetch], which the command in the folder fetch
// calls, unpacks them into a cache folder, from the system's own mirror and without touching the system; what they need, down to
// the C library, comes with them, and its loader starts them (tree.go). They are fetched anew when that folder is removed.
//
// # What a server is
//
// One process in its own process group, with a configuration, a data folder and certificates in a temporary folder of its
// own, on free ports of 127.0.0.1. Its certificate and those of its clients come from a certificate authority that lives as
// long as the test process. Rate limits are lifted; everything else is the package's default unless [Config] says otherwise.
// ejabberd runs as nonode@nohost, so that there is no epmd and no cookie; both run as whoever runs the test.
//
// Nothing outlives the tests: [Start] stops its server with the test, [Stopping] stops the shared ones, and on Linux the
// kernel ends a server whose test process died. A server can be killed, frozen and started again on the same data and
// ports; when the test failed, the end of the server's log is in the test's output.
//
// Test support: standard library only.
package servers
