package roster

import (
	"testing"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestParse holds what is read of a roster, and what is passed over.
func TestParse(t *testing.T) {
	const open = "<query xmlns='jabber:iq:roster'>"
	bob := Item{JID: bobsJID, Subscription: None}
	whole := Item{JID: bobsJID, Name: "Bob", Groups: []string{"a", " b "}, Subscription: Both, Ask: true, Approved: true}
	for text, want := range map[string]payload{
		"<query xmlns='jabber:iq:roster'/>":                                                               {},
		"<query xmlns='jabber:iq:roster' ver=''/>":                                                        {hasVer: true},
		"<query xmlns='jabber:iq:roster' ver='1'/>":                                                       {ver: "1", hasVer: true},
		open + "text<item jid='bob@canto.test'>text</item>text</query>":                                   {items: []Item{bob}},
		open + "<item xmlns='urn:x' jid='a@b'/><item jid='bob@canto.test'/></query>":                      {items: []Item{bob}},
		open + "<other jid='a@b'><item jid='a@b'/></other><item jid='bob@canto.test'/></query>":           {items: []Item{bob}},
		open + "<item/><item jid=''/><item jid='@'/><item jid='bob@canto.test'/></query>":                 {items: []Item{bob}, ignored: 3},
		open + "<item jid='bob@canto.test'><group xmlns='urn:x'>x</group><x>x</x><group/></item></query>": {items: []Item{bob}},
		open + "<item jid='bob@canto.test' ask='no' approved='no' subscription='no' name=''/></query>":    {items: []Item{bob}},
		open + "<item jid='bob@canto.test' name='Bob' subscription='both' ask='subscribe' approved='true'><group>a</group><group> b </group><group>a</group></item></query>": {items: []Item{whole}},
	} {
		got, err := parseBytes([]byte(text))
		require.NoError(t, err, text)
		assert.Equal(t, want, got, text)
		for i := range len(text) - 1 {
			_, err := parseBytes([]byte(text[:i]))
			require.Error(t, err, text[:i])
		}
	}
	for _, text := range []string{"<query xmlns='urn:x'/>", "<item xmlns='jabber:iq:roster'/>"} {
		_, err := parseBytes([]byte(text))
		assert.ErrorIs(t, err, errNotRoster, text)
	}
	_, err := parse(stanza.Element{})
	assert.ErrorIs(t, err, errNoRoster)
}

// TestQuery holds what is written: of a set the words, or that it's a removal; for the cache all.
func TestQuery(t *testing.T) {
	const open = "<query xmlns='" + ns.Roster + "'>"
	who := jid.MustParse("bob@canto.test")
	ver := ""
	for _, c := range []struct {
		item       Item
		set, whole string
	}{
		{Item{JID: who, Subscription: To}, "<item jid='bob@canto.test'/>", "<item jid='bob@canto.test' subscription='to'/>"},
		{Item{JID: who, Subscription: None, Ask: true}, "<item jid='bob@canto.test'/>", "<item jid='bob@canto.test' subscription='none' ask='subscribe'/>"},
		{Item{JID: who, Subscription: None, Approved: true}, "<item jid='bob@canto.test'/>", "<item jid='bob@canto.test' subscription='none' approved='true'/>"},
		{Item{JID: who, Subscription: remove}, "<item jid='bob@canto.test' subscription='remove'/>", "<item jid='bob@canto.test' subscription='remove'/>"},
		{Item{JID: who, Name: "B", Groups: []string{"x", "y"}, Subscription: None}, "<item jid='bob@canto.test' name='B'><group>x</group><group>y</group></item>",
			"<item jid='bob@canto.test' name='B' subscription='none'><group>x</group><group>y</group></item>"},
	} {
		set, err := query(nil, false, c.item)
		require.NoError(t, err)
		assert.Equal(t, open+c.set+"</query>", string(set))
		whole, err := query(&ver, true, c.item)
		require.NoError(t, err)
		assert.Equal(t, "<query xmlns='"+ns.Roster+"' ver=''>"+c.whole+"</query>", string(whole))
	}
}
