package main

import (
	_ "embed"
	"fmt"
	"runtime"
	"strings"

	"github.com/canto-im/canto/internal/marked"
)

// notes is what no run can tell.
//
//go:embed notes.md
var notes string

const reportFile = "internal/bench/PERFORMANCE.md"

// inREADME is the part of the README that holds the summary.
var inREADME = marked.Of("speed", "go run ./internal/bench")

// results are what a run came to.
type results struct {
	rounds   int
	contests []outcome
	crowds   []counted
	ways     []route
	growths  []growth
}

// counted is a crowd that was counted.
type counted struct {
	crowd
	count
	name string
}

// text is PERFORMANCE.md.
func (r *results) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Performance\n\nWritten by `go run ./internal/bench` (%d rounds; %s, %s/%s, %d processors). Figures are medians of the rounds, ratios the medians of "+
		"the rounds' ratios: ratios can be compared with those of other runs, figures can't. CPU is what the whole process used. "+
		"The messages are chat messages with extensions, of 594 bytes; see `go doc ./internal/bench`.\n\n", r.rounds, runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	b.WriteString(r.summary())
	b.WriteString("\n## Budgets\n\n| | budget | measured | |\n|---|---|---|---|\n")
	for _, x := range r.budgets() {
		b.WriteString(x.row())
	}
	b.WriteString("\n## Side by side\n\n" + contestTable(r.contests) + "\n## Many sessions in one process\n\n" + r.crowdTable() + "\n## Growth\n\n" + r.growthTable())
	b.WriteString("\n" + notes)
	return b.String()
}

// contestTable has a row for each side.
func contestTable(list []outcome) string {
	var b strings.Builder
	b.WriteString("| | | a second | MB/s | µs | µs CPU | allocations | bytes | × time | × CPU |\n|---|---|---|---|---|---|---|---|---|---|\n")
	for _, o := range list {
		for j, s := range o.sides {
			wall := o.of(j, wallTime)
			speed := "–"
			if o.size > 0 {
				speed = figure(float64(o.size) * 1e3 / wall)
			}
			fmt.Fprintf(&b, "| %s | %s | %s %s | %s | %s | %s | %.2f | %.0f | %.2f | %.2f |\n", o.name, s.name, figure(1e9/wall), o.unit, speed,
				figure(wall/1e3), figure(o.of(j, cpuTime)/1e3), o.of(j, allocs), o.of(j, bytesAllocated), o.times(j, wallTime), o.times(j, cpuTime))
		}
	}
	return b.String()
}

// crowdTable has a row for each crowd.
func (r *results) crowdTable() string {
	var b strings.Builder
	b.WriteString("| sessions | | heap and stacks of one | resident for one | goroutines of one | ms CPU to open one | messages/s, there and back | µs CPU a message |\n|---|---|---|---|---|---|---|---|\n")
	for _, c := range r.crowds {
		rate, cpu := "–", "–"
		if c.Seconds > 0 {
			rate, cpu = figure(c.Messages), figure(c.CPU)
		}
		fmt.Fprintf(&b, "| %d | %s | %.1f KiB | %.1f KiB | %.2f | %.2f | %s | %s |\n", c.Size, c.name, c.Bytes/1024, c.Resident/1024, c.Goroutines, c.Opening, rate, cpu)
	}
	return b.String()
}

// growthTable has a row for each step.
func (r *results) growthTable() string {
	var b strings.Builder
	b.WriteString("| | | ns CPU | held afterwards |\n|---|---|---|---|\n")
	for _, g := range r.growths {
		for _, s := range g.steps {
			kept := "–"
			switch {
			case s.held != 0 && g.unit == "contact":
				kept = fmt.Sprintf("%.0f B a %s", s.held, g.unit)
			case s.held != 0:
				kept = fmt.Sprintf("%.1f KiB in all", s.held/1024)
			}
			fmt.Fprintf(&b, "| %d %s | a %s | %s | %s |\n", s.n, g.of, g.unit, figure(s.cpu), kept)
		}
	}
	return b.String()
}

// summary is the table for the README.
func (r *results) summary() string {
	var b strings.Builder
	b.WriteString("| | Canto | its twin | |\n|---|---|---|---|\n")
	versus := func(what, contest string, twin int, f func(float64) string) {
		o := r.contest(contest)
		fmt.Fprintf(&b, "| %s | %s | %s: %s | %.1f × |\n", what, f(o.of(0, cpuTime)), o.sides[twin].name, f(o.of(twin, cpuTime)), o.times(twin, cpuTime))
	}
	micro := func(ns float64) string { return figure(ns/1e3) + " µs" }
	speed := func(ns float64) string { return figure(float64(r.contest("tokenize").size)*1e3/ns) + " MB/s" }
	versus("tokenize a stream, checked and with namespaces", "tokenize", 1, speed)
	versus("receive a message, socket to handler, CPU", "receive", r.contest("receive").side(encodingXML), micro)
	versus("send a message, 64 senders, CPU", "send", 1, micro)
	o := r.contest("request")
	fmt.Fprintf(&b, "| a request and its answer, on loopback | %s | a bare echo: %s | %.2f × as long |\n",
		micro(o.of(0, wallTime)), micro(o.of(1, wallTime)), 1/o.times(1, wallTime))
	idle, bare := r.crowd("idle, TLS"), r.crowd("bare connections, TLS")
	fmt.Fprintf(&b, "| an idle session with TLS, heap and stacks | %.1f KiB, %.0f goroutine | a bare TLS connection: %.1f KiB, %.0f goroutine | |\n",
		idle.Bytes/1024, idle.Goroutines, bare.Bytes/1024, bare.Goroutines)
	return b.String()
}

// figure is v with three digits that say something.
func figure(v float64) string {
	switch {
	case v >= 1e6:
		return fmt.Sprintf("%.2f M", v/1e6)
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}
