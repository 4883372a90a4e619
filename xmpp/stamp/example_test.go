package stamp_test

import (
	"fmt"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp/stamp"
)

// A message that was kept for us while we were away says when it was sent, and what our archive calls it.
func Example() {
	own := jid.MustParse("juliet@capulet.com/balcony")
	st, err := stanza.Parse([]byte(`<message xmlns='jabber:client' from='romeo@montague.net/orchard' to='juliet@capulet.com' type='chat'>
		<body>O blessed, blessed night!</body>
		<delay xmlns='urn:xmpp:delay' from='capulet.com' stamp='2002-09-10T23:08:25Z'>Offline Storage</delay>
		<stanza-id xmlns='urn:xmpp:sid:0' id='28482-98726-73623' by='juliet@capulet.com'/>
	</message>`))
	if err != nil {
		panic(err)
	}
	m := st.(*stanza.Message)
	if d, late := stamp.Of(m, own.Bare(), own.Domain()); late {
		fmt.Println("sent", d.Stamp)
	}
	if id, ok := stamp.IDOf(m, own); ok {
		fmt.Println(id.ID, "in the archive of", id.By)
	}
	// Output:
	// sent 2002-09-10 23:08:25 +0000 UTC
	// 28482-98726-73623 in the archive of juliet@capulet.com
}
