package xmpp

import (
	"errors"
	"time"
)

// ghostTime is how long a connection that we have given up may still bring the server what we said on it: about as long as
// a system tries to deliver what was written to a connection that is closed.
const ghostTime = 3 * time.Minute

// A ghost is an attempt to connect that was given up while the server owed us the answer to <resume/> or to the binding of our
// resource. What we said may reach it later, when the stream goes on elsewhere: then it ends that with a conflict
// (RFC 6120 §4.9.3.3, XEP-0198 §5), and the other client that we conflict with is ourselves. It is used by Run alone.
type ghost struct {
	until time.Time
}

// tried notes how an attempt failed.
func (g *ghost) tried(err error) {
	var dial *DialError
	if errors.As(err, &dial) && dial.Step == StepBind {
		g.left()
	}
}

// left notes that there may be one.
func (g *ghost) left() { g.until = time.Now().Add(ghostTime) }

// explains reports whether err may be the ghost's doing. It is forgiven once: two clients that take a resource away from
// each other must come to an end.
func (g *ghost) explains(err error) bool {
	if !errors.Is(err, Conflict) || errors.Is(err, ErrTakenOver) || !time.Now().Before(g.until) {
		return false
	}
	g.until = time.Time{}
	return true
}
