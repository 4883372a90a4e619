// Breaks breaks Canto one check at a time and sees whether the tests notice.
//
//	go run ./internal/breaks                      # all of them: half an hour on two cores
//	go run ./internal/breaks -only '^S03'         # those whose class, file or words match
//	go run ./internal/breaks -bare                # the TestSecurity… that no break is known to make fail
//
// What is broken, and which tests must fail then, stands in the file testdata/breaks.txt of the package that holds the check, in
// paragraphs like this one:
//
//	S03 an answer of anybody completes a request
//	pending.go
//	-	if from != p.to {
//	+	if false {
//	TestSecurityS03ForgedReplies
//	../component TestSecurityS03ComponentReplies
//
// The first line is the class of attack (of .github/SECURITY.md; another word for what is no attack) and what is broken, in words; then
// the file, from the package's folder; the lines that are taken out, which stand together in that order exactly once in the file,
// indentation aside, and those that take their place; and the tests, each of which must fail: a name, or
// a test and its subtests as -run wants them, with the folder before it when they stand in another package. Lines that begin with
// "#" are comments.
//
// No file is changed: the go command is given an overlay, and what the tests build themselves gets it, too. The tests of
// this package see to it that the lines and the tests are still there, on every run of go test.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"regexp"
	"strings"

	"github.com/canto-im/canto/internal/tree"
)

func main() {
	log.SetFlags(0)
	only := flag.String("only", "", "break only what matches this `regexp`: \"^S03\", \"pending.go\"")
	showBare := flag.Bool("bare", false, "list the TestSecurity… that no break names, and break nothing")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *only, *showBare); err != nil {
		log.Fatal("breaks: ", err)
	}
}

func run(ctx context.Context, only string, showBare bool) error {
	match, err := regexp.Compile(only)
	if err != nil {
		return err
	}
	root, err := tree.Root()
	if err != nil {
		return err
	}
	all, err := readAll(root)
	if err != nil {
		return err
	}
	if showBare {
		tests, err := findTests(root)
		if err != nil {
			return err
		}
		fmt.Print(strings.Join(bare(all, tests), ""))
		return nil
	}
	return try(ctx, os.Stdout, matching(all, match), bench{root}.unnoticed)
}

// matching is the breaks whose first line or file the expression matches.
func matching(all []change, match *regexp.Regexp) (some []change) {
	for _, c := range all {
		if match.MatchString(c.class+" "+c.what) || match.MatchString(c.file) {
			some = append(some, c)
		}
	}
	return some
}

// try makes the changes one after another and says what became of them.
func try(ctx context.Context, w io.Writer, list []change, unnoticed func(context.Context, change) ([]string, error)) error {
	bad := 0
	for i, c := range list {
		fmt.Fprintf(w, "%d/%d %v: ", i+1, len(list), c)
		missed, err := unnoticed(ctx, c)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			fmt.Fprintf(w, "CAN'T BE TRIED: %v\n", err)
		case len(missed) > 0:
			fmt.Fprintf(w, "NOT NOTICED by %s\n", strings.Join(missed, ", "))
		default:
			fmt.Fprintf(w, "noticed by %d\n", len(c.tests))
			continue
		}
		bad++
	}
	if len(list) == 0 {
		return fmt.Errorf("there are no such breaks")
	}
	if bad > 0 {
		return fmt.Errorf("%d of %d were not noticed", bad, len(list))
	}
	return nil
}
