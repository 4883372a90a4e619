// Author writes the examples of a XEP as a file for package specexample.
//
//	go run ./internal/specexample/author xep-0203.md >xmpp/stamp/testdata/xep0203.xml
//
// The argument is the text of the XEP as Markdown: "Example 1. Title" and a fenced block. What is not well-formed in it is said
// on standard error and becomes a comment in the file, to be mended by hand.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"

	"github.com/canto-im/canto/internal/specexample"
)

func main() {
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "author:", err)
		os.Exit(1)
	}
}

var (
	heading = regexp.MustCompile(`^# XEP-([0-9]{4}): `)
	version = regexp.MustCompile(`\| Version: ([0-9.]+)`)
	title   = regexp.MustCompile(`^Example ([0-9]+)\. (.*)$`)
)

func run(args []string, out, problems io.Writer) error {
	if len(args) != 1 {
		return errors.New("give the file of one XEP")
	}
	text, err := os.ReadFile(args[0])
	if err != nil {
		return err
	}
	xep := heading.FindSubmatch(text)
	if xep == nil {
		return fmt.Errorf("%s does not begin with the title of a XEP", args[0])
	}
	ver := version.FindSubmatch(text)
	if ver == nil {
		return fmt.Errorf("%s does not say its version", args[0])
	}
	fmt.Fprintf(out, "<examples xep=%q version=%q>\n", xep[1], ver[1])
	lines := strings.Split(string(text), "\n")
	for i := 0; i+1 < len(lines); i++ {
		m := title.FindStringSubmatch(lines[i])
		if m == nil || !strings.HasPrefix(lines[i+1], "```") {
			continue
		}
		var block []string
		for i += 2; i < len(lines) && !strings.HasPrefix(lines[i], "```"); i++ {
			block = append(block, lines[i])
		}
		writeExample(out, problems, m[1], m[2], block)
	}
	_, err = fmt.Fprintln(out, "</examples>")
	return err
}

var escape = strings.NewReplacer("&", "&amp;", "<", "&lt;", `"`, "&quot;")

func writeExample(out, problems io.Writer, number, title string, block []string) {
	body := clean(strings.Join(block, "\n"))
	fmt.Fprintf(out, "<example number=%q title=\"%s\" xmlns=\"jabber:client\">\n", number, escape.Replace(title))
	if _, err := specexample.Parse(body, ""); err != nil {
		fmt.Fprintf(problems, "example %s: %v\n", number, err)
		body = fmt.Sprintf("<!-- to be mended: %s\n%s\n-->", strings.ReplaceAll(err.Error(), "--", "- -"), strings.ReplaceAll(body, "--", "- -"))
	}
	fmt.Fprintf(out, "%s\n</example>\n", body)
}

var (
	comment     = regexp.MustCompile(`(?s)<!--.*?-->`)
	placeholder = regexp.MustCompile(`(?m)^\s*(\.+|…|\[[^<>]*\]|\[?\s*\.\.\.[^<>]*\]?)\s*$\n?`)
	blank       = regexp.MustCompile(`\n(\s*\n)+`)
)

// clean takes away what is no XML and stands for more of it.
func clean(s string) string {
	s = placeholder.ReplaceAllString(comment.ReplaceAllString(s, ""), "")
	return strings.Trim(blank.ReplaceAllString(s, "\n"), "\n")
}
