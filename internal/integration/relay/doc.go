// Package relay is a TCP relay on loopback that breaks connections the way networks do, for tests against any server.
//
//	r := relay.Start(t, srv.Addr, relay.Always(relay.Faults{Down: relay.Lane{Cut: relay.After(1500)}}))
//	… dial r.Addr instead of srv.Addr: the connection ends when the server has said 1,500 bytes …
//
// What a connection suffers is decided when it's accepted, by a [Schedule]: a function of its number alone, so that a run
// with random faults is repeated by its seed. The relay itself can be told, at any time, to fall silent ([Relay.Stall]:
// no FIN, no RST, no data), to cut what is open ([Relay.Cut]) and to refuse what is new ([Relay.Refuse]); it counts bytes and
// flights of every connection it has carried.
//
// Positions are exact: After(n) lets n bytes of that direction reach the other side and not one more. What the opposite
// direction has carried by then depends on timing, as it does in a network.
//
// One goroutine accepts, two carry a connection, and none is left after [Relay.Close]. Test support: standard library only.
package relay
