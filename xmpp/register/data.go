package register

import (
	"encoding/base64"
	"strings"
)

// data are the pieces of data that came with a form (XEP-0231 §2.1). One that can't be read is left out.
func (q *query) data() map[string][]byte {
	all := make(map[string][]byte, len(q.Data))
	for _, d := range q.Data {
		content, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(d.Content), ""))
		if err == nil && d.CID != "" {
			all["cid:"+d.CID] = content
		}
	}
	return all
}
