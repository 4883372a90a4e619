package xmltext

// names are element and attribute names that the XMPP specifications use most, as written in their examples. They are
// shared by all Decoders, so that an ordinary session learns hardly any.
const names = `
a activity affiliation after algo amp annotation authenticate author authentication authorization-identifier auth
	autojoin available
bad-request bind block blocklist body bound by
c candidate category challenge channel-binding channel-bindings clockrate code command complete composing condition
	conference configure conflict content continue count creator current
data date default delay delete desc destroy device devicelist disable disco displayed domain div
em email enable enabled encrypted encryption end entry error event expired expiry
failed failure fallback fast feature feature-not-implemented features field file file-sharing fin first forbidden
	form_type forwarded from
generation gone group
h hash header height history host href html
id identity img inactive index info initial-response initiator inline instructions internal-server-error invite ip iq
	item item-not-found items
jid jid-malformed jingle
key keys
label lang last lat limited list location lon
markable max max-file-size mechanism mechanisms media media-type message metadata method mode mood
name next nick node not-acceptable not-allowed not-authorized ns
occupant-id open option options order origin-id
p parent password paused payload payload-type photo ping policy-violation port presence prev preid priority private
	protocol publish publish-options publisher pubsub purge put
query queryid
range ratio reaction reactions reason received recipient-unavailable redirect ref reference register
	registration-required remote-server-not-found remote-server-timeout remove replace reply reported request required
	resource resource-constraint response result resume resumed retract retracted retraction role r
seconds secret sent server service service-unavailable session set show sid signature size slot sm software source
	span stamp stanza-id start starttls status store stream:error stream:features stream:stream stream subid subject
	subscribe subscribed subscription subscription-required subscriptions success
target text thread thumbnail time timestamp title to token transport type tz
undefined-condition unexpected-request unsubscribe unsubscribed updated uri url urn user-agent username utc
value vcard vCard ver version var
width
x xml:lang xml:space xmlns xmlns:stream xmlns:db
no-copy no-permanent-store no-store active inactive gone ask subscription approved xa show sub proceed limit
additional-data ask base64 body cancel capabilities channel client compress csi db delegation destroy dialback div
event max-bytes idle-seconds optional preauth rosterver rsm sasl-channel-binding stanzas strong upgrade task tasks
not-well-formed see-other-host system-shutdown host-unknown connection-timeout invalid-xml restricted-xml
FN N NICKNAME PHOTO TYPE BINVAL EMAIL USERID
`

// spaces are the namespaces of the specifications that a client meets.
const spaces = `
http://etherx.jabber.org/streams http://www.w3.org/XML/1998/namespace http://www.w3.org/2000/xmlns/
http://www.w3.org/1999/xhtml http://www.w3.org/2005/Atom
jabber:client jabber:server jabber:component:accept jabber:server:dialback
jabber:iq:auth jabber:iq:gateway jabber:iq:last jabber:iq:oob jabber:iq:privacy jabber:iq:private jabber:iq:register
jabber:iq:roster jabber:iq:rpc jabber:iq:search jabber:iq:time jabber:iq:version
jabber:x:conference jabber:x:data jabber:x:delay jabber:x:encrypted jabber:x:event jabber:x:oob jabber:x:signed
storage:bookmarks storage:metacontacts vcard-temp vcard-temp:x:update
eu.siacs.conversations.axolotl
http://jabber.org/features/compress http://jabber.org/features/iq-auth http://jabber.org/features/iq-register
http://jabber.org/protocol/activity http://jabber.org/protocol/address http://jabber.org/protocol/amp
http://jabber.org/protocol/bytestreams http://jabber.org/protocol/caps http://jabber.org/protocol/chatstates
http://jabber.org/protocol/commands http://jabber.org/protocol/compress http://jabber.org/protocol/disco#info
http://jabber.org/protocol/disco#items http://jabber.org/protocol/feature-neg http://jabber.org/protocol/geoloc
http://jabber.org/protocol/httpbind http://jabber.org/protocol/ibb http://jabber.org/protocol/mood
http://jabber.org/protocol/muc http://jabber.org/protocol/muc#admin http://jabber.org/protocol/muc#owner
http://jabber.org/protocol/muc#user http://jabber.org/protocol/nick http://jabber.org/protocol/nick+notify
http://jabber.org/protocol/offline http://jabber.org/protocol/pubsub http://jabber.org/protocol/pubsub#errors
http://jabber.org/protocol/pubsub#event http://jabber.org/protocol/pubsub#owner http://jabber.org/protocol/rosterx
http://jabber.org/protocol/rsm http://jabber.org/protocol/shim http://jabber.org/protocol/si
http://jabber.org/protocol/tune http://jabber.org/protocol/xdata-validate http://jabber.org/protocol/xhtml-im
urn:ietf:params:xml:ns:vcard-4.0 urn:ietf:params:xml:ns:xmpp-bind urn:ietf:params:xml:ns:xmpp-framing
urn:ietf:params:xml:ns:xmpp-sasl urn:ietf:params:xml:ns:xmpp-session urn:ietf:params:xml:ns:xmpp-stanzas
urn:ietf:params:xml:ns:xmpp-streams urn:ietf:params:xml:ns:xmpp-tls
urn:xmpp:attention:0 urn:xmpp:avatar:data urn:xmpp:avatar:metadata urn:xmpp:bidi urn:xmpp:bind:0 urn:xmpp:blocking
urn:xmpp:blocking:errors urn:xmpp:bob urn:xmpp:bookmarks:1 urn:xmpp:call-invites:0 urn:xmpp:caps urn:xmpp:carbons:2
urn:xmpp:chat-markers:0 urn:xmpp:csi:0 urn:xmpp:delay urn:xmpp:domain-based-name:1 urn:xmpp:eme:0
urn:xmpp:extdisco:2 urn:xmpp:fallback:0 urn:xmpp:fast:0 urn:xmpp:fasten:0 urn:xmpp:features:pre-approval
urn:xmpp:features:rosterver urn:xmpp:file:metadata:0 urn:xmpp:forward:0 urn:xmpp:hashes:1 urn:xmpp:hashes:2
urn:xmpp:hats:0 urn:xmpp:hints urn:xmpp:http:upload:0 urn:xmpp:idle:1 urn:xmpp:inbox:1 urn:xmpp:jingle-message:0
urn:xmpp:jingle:1 urn:xmpp:jingle:apps:file-transfer:5 urn:xmpp:jingle:apps:rtp:1 urn:xmpp:jingle:transports:ibb:1
urn:xmpp:jingle:transports:ice-udp:1 urn:xmpp:jingle:transports:s5b:1 urn:xmpp:json:0 urn:xmpp:mam:2
urn:xmpp:mam:2#extended urn:xmpp:markup:0 urn:xmpp:mds:displayed:0 urn:xmpp:message-correct:0
urn:xmpp:message-moderate:1 urn:xmpp:message-retract:0 urn:xmpp:message-retract:1 urn:xmpp:mix:core:1 urn:xmpp:moved:1
urn:xmpp:occupant-id:0 urn:xmpp:omemo:2 urn:xmpp:openpgp:0 urn:xmpp:order-by:1 urn:xmpp:pars:0 urn:xmpp:ping
urn:xmpp:pubsub:subscription:0 urn:xmpp:raa:0 urn:xmpp:reactions:0 urn:xmpp:receipts urn:xmpp:reference:0
urn:xmpp:reply:0 urn:xmpp:reporting:1 urn:xmpp:sasl-cb:0 urn:xmpp:sasl:2 urn:xmpp:sasl:upgrade:0 urn:xmpp:sce:1
urn:xmpp:scram-upgrade:0 urn:xmpp:sfs:0 urn:xmpp:sid:0 urn:xmpp:sims:1 urn:xmpp:sm:3 urn:xmpp:spoiler:0
urn:xmpp:stanza-content urn:xmpp:stickers:0 urn:xmpp:stream-limits:0 urn:xmpp:styling:0 urn:xmpp:thumbs:1
urn:xmpp:time urn:xmpp:tmp:quick-response urn:xmpp:xml-element
`
