package integration

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/roster"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/chat"
	"github.com/canto-im/canto/xmpp/disco"
	"github.com/canto-im/canto/xmpp/entity"
	"github.com/canto-im/canto/xmpp/forward"
	"github.com/canto-im/canto/xmpp/presence"
	"github.com/canto-im/canto/xmpp/pubsub"
	"github.com/canto-im/canto/xmpp/register"
	"github.com/canto-im/canto/xmpp/stamp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

// malformedValues are what a peer may write where a number, a date, an address, base64 or a word is meant.
var malformedValues = []string{
	"", " ", "-1", "+1", "0", "00", "4", "1.5", "1e999", "-1e999", "NaN", "INF", "0x10", "٣", "2147483648", "4294967296", "9223372036854775808",
	"-9223372036854775809", "99999999999999999999999999999999", strings.Repeat("9", 5000),
	"9999-99-99T99:99:99Z", "0000-00-00T00:00:00Z", "0001-01-01T00:00:00Z", "-10000-01-01T00:00:00Z", "292277026597-01-01T00:00:00Z",
	"2026-11-22T00:00:00+99:99", "2026-11-22T00:00:00." + strings.Repeat("9", 400) + "Z", "20261122T00:00:00", "+99:99", "-00:00", "Z",
	"@", "a@b@c", "/", "a@", "@b", "a@b/", "xn--", strings.Repeat("a", 1024) + "@b", "a@" + strings.Repeat("b.", 600) + "b", "a@b/" + strings.Repeat("c", 1024),
	"====", "AAA", "A", "*", "AA==AA==", "true ", "TRUE", "yes", "\u202e", "%00", "%", "../../etc/passwd", "javascript:alert(1)", "\t\n",
	"remove", "both", "result", "form", strings.Repeat("x", 20_000),
}

// malformedPushes are stanzas that come by themselves, with a § in each place for a value.
var malformedPushes = []string{
	`<message from='bob@canto.test/x' type='§' id='§' xml:lang='§'><body xml:lang='§'>b</body><thread parent='§'>§</thread></message>`,
	`<message from='bob@canto.test/x'><body>b</body><delay xmlns='urn:xmpp:delay' from='§' stamp='§'>§</delay><x xmlns='jabber:x:delay' stamp='§'/>` +
		`<stanza-id xmlns='urn:xmpp:sid:0' id='§' by='§'/><origin-id xmlns='urn:xmpp:sid:0' id='§'/></message>`,
	`<message from='bob@canto.test/x'><body>béd</body><replace xmlns='urn:xmpp:message-correct:0' id='§'/><reply xmlns='urn:xmpp:reply:0' to='§' id='§'/>` +
		`<fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reply:0'><body start='§' end='§'/><subject start='§' end='§'/></fallback>` +
		`<reference xmlns='urn:xmpp:reference:0' begin='§' end='§' type='§' uri='§' anchor='§'/><reactions xmlns='urn:xmpp:reactions:0' id='§'><reaction>§</reaction></reactions>` +
		`<retract xmlns='urn:xmpp:message-retract:1' id='§'/><displayed xmlns='urn:xmpp:chat-markers:0' id='§'/><received xmlns='urn:xmpp:receipts' id='§'/>` +
		`<encryption xmlns='urn:xmpp:eme:0' namespace='§' name='§'/></message>`,
	`<message from='bob@canto.test/x'><forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='§'/><message xmlns='jabber:client' from='§' to='§' type='§'><body>said: §</body></message></forwarded></message>`,
	`<message from='bob@canto.test/x' type='error'><error type='§' code='§' by='§'><§x xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><text xml:lang='§'>§</text></error></message>`,
	`<message from='alice@canto.test'><event xmlns='http://jabber.org/protocol/pubsub#event'><items node='n'><item id='§' publisher='§'><note xmlns='urn:x:note' n='§'>§</note></item><retract id='§'/></items></event></message>`,
	`<message from='alice@canto.test'><event xmlns='http://jabber.org/protocol/pubsub#event'><configuration node='§'/><delete node='n'><redirect uri='§'/></delete><subscription node='§' jid='§' subscription='§' expiry='§'/></event></message>`,
	`<message from='canto.test'><x xmlns='jabber:x:data' type='§'><field type='§' var='FORM_TYPE'><value>§</value></field></x></message>`,
	`<presence from='bob@canto.test/x' type='§' id='§'><show>§</show><status xml:lang='§'>§</status><priority>§</priority></presence>`,
	`<presence from='bob@canto.test/x'><c xmlns='http://jabber.org/protocol/caps' hash='§' node='§' ver='§' ext='§'/>` +
		`<c xmlns='urn:xmpp:caps'><hash xmlns='urn:xmpp:hashes:2' algo='§'>§</hash></c><idle xmlns='urn:xmpp:idle:1' since='§'/></presence>`,
	`<iq type='set' id='p§'><query xmlns='jabber:iq:roster' ver='§'><item jid='§' name='§' subscription='§' ask='§' approved='§'><group>§</group></item></query></iq>`,
	`<iq type='get' from='bob@canto.test/x' id='v§'><query xmlns='http://jabber.org/protocol/disco#info' node='§'/></iq>`,
	`<iq type='§' from='§' to='§' id='w§'><query xmlns='urn:xmpp:time'>§</query></iq>`,
}

// A malformedAnswer is a question, and what comes of it.
type malformedAnswer struct {
	answer string
	ask    func(ctx context.Context, e xmpp.Endpoint) error
}

var malformedAnswers = map[string]malformedAnswer{
	"time": {`<time xmlns='urn:xmpp:time'><tzo>§</tzo><utc>§</utc></time>`, func(ctx context.Context, e xmpp.Endpoint) error {
		_, err := entity.GetTime(ctx, e, e.JID().Domain())
		return err
	}},
	"last activity": {`<query xmlns='jabber:iq:last' seconds='§'>§</query>`, func(ctx context.Context, e xmpp.Endpoint) error {
		_, err := entity.LastActivity(ctx, e, e.JID().Domain())
		return err
	}},
	"information": {`<query xmlns='http://jabber.org/protocol/disco#info' node='§'><identity category='§' type='§' name='§' xml:lang='§'/><feature var='§'/>` +
		`<x xmlns='jabber:x:data' type='§'><field type='§' var='§'><value>§</value></field></x></query>`, func(ctx context.Context, e xmpp.Endpoint) error {
		_, err := disco.Get(ctx, e, e.JID().Domain(), "")
		return err
	}},
	"items": {`<query xmlns='http://jabber.org/protocol/disco#items'><item jid='§' node='§' name='§'/><set xmlns='http://jabber.org/protocol/rsm'><first index='§'>§</first><count>§</count></set></query>`,
		func(ctx context.Context, e xmpp.Endpoint) (last error) {
			for _, err := range disco.Items(ctx, e, e.JID().Domain(), "") {
				last = err
			}
			return last
		}},
	"a form": {`<query xmlns='jabber:iq:register'><x xmlns='jabber:x:data' type='form'><field type='§' var='a'><required/><value>§</value><option label='§'><value>§</value></option>` +
		`<validate xmlns='http://jabber.org/protocol/xdata-validate' datatype='xs:dateTime'><range min='§' max='§'/></validate></field>` +
		`<field type='text-single' var='b'><value>§</value><validate xmlns='http://jabber.org/protocol/xdata-validate' datatype='xs:integer'><range min='§' max='§'/></validate></field>` +
		`<field type='text-single' var='c'><value>§</value><validate xmlns='http://jabber.org/protocol/xdata-validate' datatype='xs:double'><regex>§</regex></validate></field></x></query>`, fetchForm},
	"a form with counts": {`<query xmlns='jabber:iq:register'><x xmlns='jabber:x:data' type='form'><field type='list-multi' var='a'><value>§</value>` +
		`<validate xmlns='http://jabber.org/protocol/xdata-validate' datatype='§'><list-range min='§' max='§'/></validate></field></x></query>`, fetchForm},
	"items of a node": {`<pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='n'><item id='§' publisher='§'><note xmlns='urn:x:note' n='§'>§</note></item></items>` +
		`<set xmlns='http://jabber.org/protocol/rsm'><first index='§'>§</first><count>§</count></set></pubsub>`, func(ctx context.Context, e xmpp.Endpoint) (last error) {
		for _, err := range pubsub.Items[numbered](ctx, e, jid.JID{}, "n", nil) {
			last = err
		}
		return last
	}},
	"affiliations": {`<pubsub xmlns='http://jabber.org/protocol/pubsub'><affiliations><affiliation node='§' affiliation='§' jid='§'/></affiliations></pubsub>`,
		func(ctx context.Context, e xmpp.Endpoint) error {
			_, err := pubsub.Affiliations(ctx, e, jid.JID{}, "n")
			return err
		}},
}

// fetchForm asks for a form and looks at all of it.
func fetchForm(ctx context.Context, e xmpp.Endpoint) error {
	f, err := register.Fetch(ctx, e, jid.JID{})
	if err != nil {
		return err
	}
	_ = f.Layout()
	return f.Validate()
}

// numbered is a payload with a number in it.
type numbered struct {
	XMLName xml.Name `xml:"urn:x:note note"`
	N       int      `xml:"n,attr"`
}

// TestSecurityS14MalformedValues: nothing that a peer writes where something else is meant makes a decoder panic, ends the session or
// keeps the next stanza from being taken; on a Session and on a Client with all that is built on them at work.
func TestSecurityS14MalformedValues(t *testing.T) {
	t.Run("Session", func(t *testing.T) {
		srv := xmpptest.NewServerWith(t, &xmpptest.Options{InMemory: true})
		log := new(locked)
		takeMalformed(t, srv, log, srv.Session(t, "alice", &xmpp.Options{Logger: slog.New(slog.NewTextHandler(log, nil))}))
	})
	t.Run("Client", func(t *testing.T) {
		srv := xmpptest.NewServerWith(t, &xmpptest.Options{InMemory: true})
		o, log := srv.Options("alice"), new(locked)
		o.Logger = slog.New(slog.NewTextHandler(log, nil))
		c := xmpp.NewClient(srv.JID("alice"), o)
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- c.Run(ctx) }()
		_, err := c.Session(within(t))
		require.NoError(t, err)
		takeMalformed(t, srv, log, c)
		stop()
		require.NoError(t, <-ended)
	})
}

// A locked buffer keeps a log.
type locked struct {
	mu sync.Mutex // protects b
	b  bytes.Buffer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *locked) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// takeMalformed has e take all of it.
func takeMalformed(t *testing.T, srv *xmpptest.Server, log *locked, e xmpp.Endpoint) {
	t.Helper()
	ctx := within(t)
	contacts, err := roster.Open(ctx, e)
	require.NoError(t, err)
	defer contacts.Close()
	defer entity.Answer(e, nil)()
	d := disco.Of(e)
	seen := make(chan string, 1)
	defer xmpp.OnMessage(e, func(_ context.Context, m *stanza.Message) error {
		readAll(m)
		if id, marked := strings.CutPrefix(m.ID, "mark "); marked {
			seen <- id
		}
		return nil
	}, stanza.Normal, stanza.Chat, stanza.GroupChat, stanza.Headline, stanza.MessageError)()
	defer xmpp.OnPresence(e, func(_ context.Context, p *stanza.Presence) error {
		_, _ = presence.IdleSince(p)
		_ = d.Known(p.From)
		return nil
	})()
	defer pubsub.OnPersonal(e, "n", func(context.Context, pubsub.Event[numbered]) error { return nil })()
	defer pubsub.OnRequest(e, e.JID().Domain(), func(context.Context, pubsub.Request) (bool, error) { return false, nil })()

	check := talk(t, srv, e)
	answers := maps.Clone(malformedAnswers)
	maps.Copy(answers, talkAnswers)
	next := new(nextAnswer)
	defer srv.Intercept(func(from jid.JID, xml string) bool {
		answer := next.to(xml)
		return answer != "" && srv.Inject(from.Localpart(), answer) == nil
	})()
	for i, v := range malformedValues {
		value := escaped(v)
		for _, push := range slices.Concat(malformedPushes, talkPushes) {
			require.NoError(t, srv.Inject("alice", strings.ReplaceAll(strings.ReplaceAll(push, "<§x", "<x"), "§", value)), "after %.40q: %s", v, log)
		}
		for name, a := range answers {
			before := ""
			if strings.HasPrefix(a.answer, "<fin ") {
				before = archivedPart
			}
			next.set(strings.ReplaceAll(before+"<iq type='result' id='${id}'${from}>"+a.answer+"</iq>", "§", value), namespaceOf.FindStringSubmatch(a.answer)[1])
			err := a.ask(ctx, e)
			require.NoError(t, ctx.Err(), "%s: %.40q: %v", name, v, err)
			require.Empty(t, next.set("", ""), "%s: %.40q: nothing was asked that this answers: %v", name, v, err)
		}
		require.NoError(t, srv.Inject("alice", fmt.Sprintf("<message from='bob@canto.test' id='mark %d'/>", i)))
		select {
		case got := <-seen:
			require.Equal(t, fmt.Sprint(i), got, "after %.40q", v)
		case <-ctx.Done():
			require.Fail(t, "the next stanza is not taken", "after %.40q\n%s", v, log)
		}
	}
	check()
	require.NotContains(t, log.String(), "panic")
	_, err = entity.Ping(ctx, e, e.JID().Domain())
	require.NoError(t, err)
}

// readAll reads what a message may carry.
func readAll(m *stanza.Message) {
	_, _ = stamp.Of(m)
	_, _ = stamp.IDOf(m, m.To.Bare())
	_, _ = stamp.IDBy(m, m.From)
	_ = chat.References(m)
	_ = chat.BodyFor(m, "urn:xmpp:reply:0")
	_ = chat.SubjectFor(m, "§")
	_ = chat.WantsAttention(m)
	_, _ = stanza.Find[chat.Replace](m)
	_, _ = stanza.Find[chat.Reply](m)
	_, _ = stanza.Find[chat.Reactions](m)
	_, _ = stanza.Find[chat.Retracted](m)
	_, _ = stanza.Find[chat.Displayed](m)
	_, _ = stanza.Find[chat.Receipt](m)
	_, _ = stanza.Find[chat.Encryption](m)
	_, _ = stanza.Find[chat.Fallback](m)
	for _, p := range m.Payloads {
		_, _ = forward.Parse(p)
		_, _ = stamp.ParseDelay(p)
	}
}

func escaped(v string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(v))
	return b.String()
}
