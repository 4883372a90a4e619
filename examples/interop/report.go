package main

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"time"

	"github.com/canto-im/canto/jid"
)

// What becomes of a check.
const (
	works      = "works"
	notOffered = "not offered"
	notTried   = "not tried"
	fails      = "FAILS"
)

// errNotOffered is what a check returns when the server has not got the feature.
var errNotOffered = errors.New("the server does not offer it")

// errNotTried is what a check returns that needs what the program was not given.
var errNotTried = errors.New("not tried")

// A line is one thing that was tried.
type line struct {
	area, what string
	status     string
	detail     string
	took       time.Duration
	trips      int // round trips on the network; 0: not counted
}

// A report is what was found out about a server.
type report struct {
	domain   string
	account  jid.JID // bare; not told
	contact  jid.JID // bare; zero: there is none; not told
	lines    []line
	features []feature
}

func newReport(account, contact jid.JID) *report {
	return &report{domain: account.Domainpart(), account: account.Bare(), contact: contact.Bare()}
}

// add notes what came of a check.
func (r *report) add(area, what, detail string, took time.Duration, trips int, err error) {
	l := line{area, what, works, detail, took, trips}
	switch {
	case errors.Is(err, errNotOffered):
		l.status = notOffered
	case errors.Is(err, errNotTried):
		l.status = notTried
	case err != nil:
		l.status, l.detail = fails, strings.TrimSpace(detail+" "+err.Error())
	}
	l.detail = strings.ReplaceAll(l.detail, r.account.String(), "ACCOUNT@"+r.domain)
	if !r.contact.IsZero() {
		l.detail = strings.ReplaceAll(l.detail, r.contact.String(), "CONTACT@"+r.contact.Domainpart())
	}
	r.lines = append(r.lines, l)
}

func (r *report) failures() (n int) {
	for _, l := range r.lines {
		if l.status == fails {
			n++
		}
	}
	return n
}

// cost is what the check took.
func (l line) cost() string {
	s := ""
	if l.took > 0 {
		s = l.took.Round(10 * time.Microsecond).String()
	}
	if l.trips > 0 {
		s = fmt.Sprintf("%s, %d round trips", s, l.trips)
	}
	return strings.TrimPrefix(s, ", ")
}

// print writes the report for a terminal.
func (r *report) print(w io.Writer) {
	area := ""
	for _, l := range r.lines {
		if l.area != area {
			area = l.area
			fmt.Fprintf(w, "\n%s\n", area)
		}
		fmt.Fprintf(w, "  %-11s  %-28s  %s", l.status, l.what, l.detail)
		if c := l.cost(); c != "" {
			fmt.Fprintf(w, "  (%s)", c)
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintf(w, "\nOffered by %s\n", r.domain)
	for _, f := range r.features {
		fmt.Fprintf(w, "  %-10s  %-45s  %s\n", f.spec, f.name, strings.Join(f.by, ", "))
	}
	fmt.Fprintf(w, "\n%s\n", r.total())
}

func (r *report) total() string {
	count := map[string]int{}
	for _, l := range r.lines {
		count[l.status]++
	}
	return fmt.Sprintf("%d work, %d are not offered, %d were not tried, %d fail", count[works], count[notOffered], count[notTried], count[fails])
}

// markdown is the report for a file.
func (r *report) markdown(now time.Time) string {
	var b strings.Builder
	cell := strings.NewReplacer("|", `\|`, "\n", " ", "<", "&lt;")
	fmt.Fprintf(&b, "# Interoperability of %s\n\nCanto's `examples/interop`, %s, %s/%s, %s. %s.\n", r.domain, runtime.Version(), runtime.GOOS, runtime.GOARCH,
		now.UTC().Format(time.RFC3339), r.total())
	area := ""
	for _, l := range r.lines {
		if l.area != area {
			area = l.area
			fmt.Fprintf(&b, "\n## %s\n\n| what | status | details | took |\n|---|---|---|---|\n", area)
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", cell.Replace(l.what), l.status, cell.Replace(l.detail), l.cost())
	}
	b.WriteString("\n## Offered\n\n| specification | what | by |\n|---|---|---|\n")
	for _, f := range r.features {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", f.spec, cell.Replace(f.name), cell.Replace(strings.Join(f.by, ", ")))
	}
	return b.String()
}
