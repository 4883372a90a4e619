package roster

import (
	"strconv"
	"strings"
)

// String returns the item in a line that is good for logs: what others have written is quoted.
func (it Item) String() string {
	var b strings.Builder
	b.WriteString(strconv.Quote(it.JID.String()))
	if it.Name != "" {
		b.WriteString(" named " + strconv.Quote(it.Name))
	}
	for i, g := range it.Groups {
		if i == 0 {
			b.WriteString(" in")
		}
		b.WriteString(" " + strconv.Quote(g))
	}
	b.WriteString(", subscription " + string(it.Subscription))
	if it.Ask {
		b.WriteString(", asked")
	}
	if it.Approved {
		b.WriteString(", approved")
	}
	return b.String()
}
