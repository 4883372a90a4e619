package relay

import (
	"math/rand/v2"
	"time"
)

// Position is a place in one direction of a connection. The zero Position is never reached; [After] makes others.
type Position int64

// After is the place where n bytes have passed; After(0) is before the first.
func After(n int64) Position { return Position(n + 1) }

// bytes is how many bytes may pass before the position, and whether it's ever reached.
func (p Position) bytes() (n int64, ok bool) { return int64(p - 1), p > 0 }

// A Lane is what one direction of a connection suffers. The zero Lane passes everything as it comes.
type Lane struct {
	Cut   Position      // ends the connection, both directions
	Stall Position      // falls silent, this direction only, until Relay.Resume or the end of the connection
	Delay time.Duration // before each piece is passed on
	Chunk int           // passes pieces of at most so many bytes; 0 = as they come
}

// Faults is what one connection suffers.
type Faults struct {
	Up, Down Lane   // client to server, server to client
	Reset    bool   // a cut is a TCP reset, which may overtake bytes that passed before it; without it both sides read an end
	Seed     uint64 // makes the pieces of a Chunk differ in size, from 1 byte to Chunk; 0 = all of that size
	// Tap sees every piece that is passed on, before it is. It is called by the lane's goroutine: for one connection, never
	// by two at once for the same direction. It must not keep the bytes.
	Tap func(d Direction, b []byte)
}

// Direction tells the lanes of a connection apart.
type Direction bool

// The directions.
const (
	Up   Direction = false // client to server
	Down Direction = true  // server to client
)

// String names the direction.
func (d Direction) String() string {
	if d == Down {
		return "down"
	}
	return "up"
}

// A Schedule gives the faults of a connection by its number, counted from 0 as they are accepted. nil is no faults at all.
type Schedule func(n int) Faults

// Always is the schedule of the same faults for every connection.
func Always(f Faults) Schedule { return func(int) Faults { return f } }

// First is the schedule that gives f to the first connection and none to the later ones.
func First(f Faults) Schedule {
	return func(n int) Faults {
		if n == 0 {
			return f
		}
		return Faults{}
	}
}

// RandomCuts is the schedule that cuts every connection in one direction, chosen by the seed and the connection's number,
// before up or down bytes have passed there. A direction with no bytes is never chosen.
func RandomCuts(seed uint64, up, down int64) Schedule {
	return func(n int) Faults {
		r := rand.New(rand.NewPCG(seed, uint64(n)))
		at := r.Int64N(up + down)
		if at < up {
			return Faults{Up: Lane{Cut: After(at)}}
		}
		return Faults{Down: Lane{Cut: After(at - up)}}
	}
}
