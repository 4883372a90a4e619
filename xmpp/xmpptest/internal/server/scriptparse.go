package server

import (
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"
)

// A scriptStep is one line of a script, with those that go on with it.
type scriptStep struct {
	line     int
	verb     string // "<", ">" or the name of a step
	text     string
	args     []string
	duration time.Duration
}

// parseScript reads the whole conversation.
func parseScript(text string) ([]scriptStep, error) {
	var steps []scriptStep
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimRightFunc(line, unicode.IsSpace)
		switch {
		case line == "", strings.HasPrefix(line, "#"):
		case line[0] == ' ' || line[0] == '\t':
			if len(steps) == 0 || steps[len(steps)-1].verb != "<" && steps[len(steps)-1].verb != ">" {
				return nil, fmt.Errorf("script line %d: nothing to go on with: %q", i+1, line)
			}
			steps[len(steps)-1].text += "\n" + line
		default:
			st, err := parseStep(line)
			if err != nil {
				return nil, fmt.Errorf("script line %d: %w", i+1, err)
			}
			st.line = i + 1
			steps = append(steps, st)
		}
	}
	return steps, nil
}

func parseStep(line string) (scriptStep, error) {
	if verb := line[:1]; (verb == "<" || verb == ">") && len(line) > 2 && line[1] == ' ' {
		return scriptStep{verb: verb, text: line[2:]}, nil
	}
	words := strings.Fields(line)
	st := scriptStep{verb: words[0], text: line, args: words[1:]}
	want, known := map[string]int{"starttls": 0, "close": 0, "eof": 0, "login": 2, "silence": 1, "delay": 1}[st.verb]
	if !known || len(st.args) != want {
		return st, fmt.Errorf(`%q is neither "< …", "> …" nor a step`, line)
	}
	if want == 1 {
		d, err := time.ParseDuration(st.args[0])
		if err != nil {
			return st, err
		}
		st.duration = d
	}
	return st, nil
}

var (
	scriptVar = regexp.MustCompile(`\$\{([A-Za-z0-9_]+)\}`)
	saslText  = regexp.MustCompile(`(<(?:auth|challenge|response|success)\b[^>]*xmpp-sasl['"][^>]*>)([A-Za-z0-9+/=\s]*)(</)`)
	spaces    = regexp.MustCompile(`\s+`)
)

// fill puts the values of ${name} into a text; an unknown one stays as it is.
func (p *player) fill(text string) string {
	return scriptVar.ReplaceAllStringFunc(text, func(v string) string {
		if value, ok := p.script.Vars[v[2:len(v)-1]]; ok {
			return value
		}
		return v
	})
}

// squeezeSASL takes the white space out of SASL data, which the RFCs break into lines.
func squeezeSASL(text string) string {
	return saslText.ReplaceAllStringFunc(text, func(m string) string {
		parts := saslText.FindStringSubmatch(m)
		return parts[1] + spaces.ReplaceAllString(parts[2], "") + parts[3]
	})
}

func firstLine(s string) string {
	line, _, more := strings.Cut(s, "\n")
	if more {
		return line + " …"
	}
	return line
}
