package xmpp

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"
)

// The services that are looked up: TLS from the first byte (XEP-0368 §3), and STARTTLS (RFC 6120 §3.2.1).
const (
	directTLS = iota
	startTLS
)

var srvServices = [...]string{directTLS: "xmpps-client", startTLS: "xmpp-client"}

// A srvRecord is a SRV record that can be used.
type srvRecord struct {
	target
	priority, weight uint16
}

// A srvAnswer is what DNS says about one service. With no field set, it says that there is no such record.
type srvAnswer struct {
	service  int // index in srvServices
	records  []srvRecord
	denied   bool  // the service is decidedly not available at this domain
	unusable bool  // there are records, none of which makes sense; err says so
	err      error // otherwise: the lookup failed
}

// lookupServices asks for all services at once. When one has its answer, the others get srvGrace and are then given up:
// some networks drop one of the questions. The error is that of ctx.
func lookupServices(ctx context.Context, r resolver, host string) ([]srvAnswer, error) {
	asking, cancel := context.WithCancel(ctx)
	defer cancel()
	arrived := make(chan srvAnswer, len(srvServices)) // room for all: nobody waits for a receiver that has left
	answers := make([]srvAnswer, len(srvServices))
	for i := range srvServices {
		answers[i] = srvAnswer{service: i, err: &lookupError{srvQuestion(i, host), context.DeadlineExceeded}}
		go func() { arrived <- lookupService(asking, r, i, host) }()
	}
	var grace <-chan time.Time
	for n := 0; n < len(srvServices) && ctx.Err() == nil; n++ { // lookups that end with ctx are no answers
		select {
		case a := <-arrived:
			answers[a.service] = a
			if grace == nil && (a.err == nil || a.unusable) {
				timer := time.NewTimer(srvGrace)
				defer timer.Stop()
				grace = timer.C
			}
		case <-grace:
			return answers, nil
		case <-ctx.Done():
		}
	}
	if ctx.Err() != nil {
		return nil, &lookupError{"SRV records of " + host, context.Cause(ctx)}
	}
	return answers, nil
}

// srvQuestion is how a lookup is named in errors.
func srvQuestion(service int, host string) string {
	return "SRV _" + srvServices[service] + "._tcp." + host
}

// lookupService asks for the records of one service.
func lookupService(ctx context.Context, r resolver, service int, host string) srvAnswer {
	// RFC 6120 §3.2.1 (2): the name is absolute. Without the final dot the machine's search list would be tried.
	name, found, err := r.LookupSRV(ctx, srvServices[service], "tcp", host+".")
	a := srvAnswer{service: service}
	if err != nil && len(found) == 0 && !dnsNotFound(err) {
		// net.Resolver drops records with malformed names itself. If that leaves none, it returns an error beside the
		// name that it asked for; when there was no answer, there is no name either.
		a.unusable = name != ""
		a.err = &lookupError{srvQuestion(service, host), err}
	}
	a.sort(host, found)
	return a
}

// sort takes in the records that DNS has returned.
func (a *srvAnswer) sort(host string, found []*net.SRV) {
	var bad error
	for _, s := range found {
		switch name := strings.TrimSuffix(s.Target, "."); {
		case s.Target == ".":
			a.denied = true // RFC 2782: it stands alone; where it doesn't, the others count
		case !isHostName(name) || s.Port == 0:
			bad = fmt.Errorf("the record names %q, port %d: that's not a host and a port", s.Target, s.Port)
		default:
			t := target{host: name, port: s.Port, direct: a.service == directTLS, srv: true}
			a.records = append(a.records, srvRecord{target: t, priority: s.Priority, weight: s.Weight})
		}
	}
	if bad != nil && len(a.records) == 0 {
		a.unusable = true
		a.err = &lookupError{srvQuestion(a.service, host), bad}
	}
}

// orderRecords returns the targets in the order in which to try them, each once and at most maxTargets.
// XEP-0368 §3 (1): the records of both services are mixed and treated as one set. Among those that the draw can't tell
// apart (weight 0 alone), direct TLS comes first: it saves round trips.
func orderRecords(records []srvRecord, draw func(n int) int) []target {
	left := slices.Clone(records)
	// RFC 2782: lower priorities first; within one, those of weight 0 stand at the beginning of the list.
	slices.SortStableFunc(left, func(a, b srvRecord) int {
		return cmp.Or(cmp.Compare(a.priority, b.priority), cmp.Compare(min(a.weight, 1), min(b.weight, 1)))
	})
	var ordered []target
	for len(left) > 0 && len(ordered) < maxTargets {
		i := drawRecord(left, draw)
		if t := left[i].target; !slices.Contains(ordered, t) {
			ordered = append(ordered, t)
		}
		left = slices.Delete(left, i, i+1)
	}
	return ordered
}

// drawRecord picks the next of the records that share the first one's priority, by the weighted draw of RFC 2782.
func drawRecord(left []srvRecord, draw func(n int) int) int {
	sum, same := 0, 0
	for same < len(left) && left[same].priority == left[0].priority {
		sum += int(left[same].weight)
		same++
	}
	drawn, running := draw(sum+1), 0 // uniform in [0, sum], both ends included
	for i := range same {
		if running += int(left[i].weight); running >= drawn {
			return i
		}
	}
	return same - 1
}
