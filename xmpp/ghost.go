package xmpp

import (
	"errors"
	"time"
)

// ghostTime is how long a connection that we have given up may still bring the server what we said on it: about as long as
// a system tries to deliver what was written to a connection that is closed.
const ghostTime = 3 * time.Minute

// A ghost is a connection that was given up while the server owed us the answer to <resume/> or to the binding of our
// resource. What we said may reach it later, when the stream goes on elsewhere: then it ends that with a conflict
// (RFC 6120 §4.9.3.3, XEP-0198 §5), and the other client that we conflict with is ourselves. It is used by Run alone. Login
// and request may be one, or the request may be out before the server has offered it: what counts is what was said, not the
// step at which it ended.
type ghost struct {
	until time.Time
}

// left notes that there may be one; see wanted.left.
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
