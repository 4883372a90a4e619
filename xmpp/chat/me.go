package chat

import "strings"

// Me returns what somebody does who has written "/me does something" (XEP-0245): the text after the command, to be shown behind the
// sender's name as the reader knows it. It's for text that people have written: nobody has joined or left because it says so (§5).
func Me(body string) (action string, ok bool) {
	return strings.CutPrefix(body, "/me ")
}
