// Package arch holds the floors of the house: who may import whom, and what may stand where.
//
//	for _, b := range arch.Check(os.DirFS(root), module) { t.Error(b) }
//
// The tables in floors.go are the law (DESIGN §2); the test of this package reads the whole tree, tests too, and fails on a
// breach. A new package has no floor until it is entered there, and the check says so: that line in the table is where
// a change of architecture is seen and discussed.
//
// Beside the imports it holds that
//   - nothing visible stands at the top beside the card;
//   - every package opens with doc.go (a program with the comment over its package clause);
//   - a third-party module is imported by the packages named for it alone, testify by tests alone;
//   - below xmpp there is no socket, no file, no clock and no go statement: each of those packages is a pure function of
//     its input;
//   - the server inside xmpptest never imports xmpp, not in its tests either: one bug must not hide from both sides.
//
// The check works on parsed files, so it sees every platform's files and every build tag.
package arch
