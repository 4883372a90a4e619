package ns

// Namespaces of XML itself.
const (
	XML   = "http://www.w3.org/XML/1998/namespace" // the prefix xml: xml:lang
	XMLNS = "http://www.w3.org/2000/xmlns/"        // the prefix xmlns, which may not be declared
)

// Streams and what negotiates them.
const (
	Stream       = "http://etherx.jabber.org/streams"       // RFC 6120 §4.8.1
	StreamErrors = "urn:ietf:params:xml:ns:xmpp-streams"    // RFC 6120 §4.9.2
	Client       = "jabber:client"                          // RFC 6120 §4.8.2
	Server       = "jabber:server"                          // RFC 6120 §4.8.2
	Component    = "jabber:component:accept"                // XEP-0114 §2
	Framing      = "urn:ietf:params:xml:ns:xmpp-framing"    // RFC 7395 §3.3
	HTTPBind     = "http://jabber.org/protocol/httpbind"    // XEP-0124 §6
	XBOSH        = "urn:xmpp:xbosh"                         // XEP-0206 §3
	TLS          = "urn:ietf:params:xml:ns:xmpp-tls"        // RFC 6120 §5
	SASL         = "urn:ietf:params:xml:ns:xmpp-sasl"       // RFC 6120 §6
	SASL2        = "urn:xmpp:sasl:2"                        // XEP-0388 §2
	ChannelBind  = "urn:xmpp:sasl-cb:0"                     // XEP-0440 §3
	Bind         = "urn:ietf:params:xml:ns:xmpp-bind"       // RFC 6120 §7
	Bind2        = "urn:xmpp:bind:0"                        // XEP-0386
	FAST         = "urn:xmpp:fast:0"                        // XEP-0484
	Session      = "urn:ietf:params:xml:ns:xmpp-session"    // RFC 3921 §3
	SM           = "urn:xmpp:sm:3"                          // XEP-0198
	RosterVer    = "urn:xmpp:features:rosterver"            // RFC 6121 §2.6.1
	PreApproval  = "urn:xmpp:features:pre-approval"         // RFC 6121 §3.4.1
	CSI          = "urn:xmpp:csi:0"                         // XEP-0352
	StreamLimits = "urn:xmpp:stream-limits:0"               // XEP-0478
	RegisterFeat = "http://jabber.org/features/iq-register" // XEP-0077 §8
	IBRToken     = "urn:xmpp:ibr-token:0"                   // XEP-0445 §3
	AuthFeat     = "http://jabber.org/features/iq-auth"     // XEP-0078 §3
	CompressFeat = "http://jabber.org/features/compress"    // XEP-0138 §3
	Caps         = "http://jabber.org/protocol/caps"        // XEP-0115
	Caps2        = "urn:xmpp:caps"                          // XEP-0390
)

// Stanzas, their errors and the oldest payloads.
const (
	Stanzas     = "urn:ietf:params:xml:ns:xmpp-stanzas"    // RFC 6120 §8.3.2: conditions of stanza errors
	Roster      = "jabber:iq:roster"                       // RFC 6121 §2
	Register    = "jabber:iq:register"                     // XEP-0077
	PreAuth     = "urn:xmpp:pars:0"                        // XEP-0379, XEP-0445 §4
	OOB         = "jabber:x:oob"                           // XEP-0066 §3
	Bob         = "urn:xmpp:bob"                           // XEP-0231
	Media       = "urn:xmpp:media-element"                 // XEP-0221
	Commands    = "http://jabber.org/protocol/commands"    // XEP-0050
	Version     = "jabber:iq:version"                      // XEP-0092
	Ping        = "urn:xmpp:ping"                          // XEP-0199
	Time        = "urn:xmpp:time"                          // XEP-0202
	Delay       = "urn:xmpp:delay"                         // XEP-0203
	OldDelay    = "jabber:x:delay"                         // XEP-0091
	DiscoInfo   = "http://jabber.org/protocol/disco#info"  // XEP-0030
	DiscoItems  = "http://jabber.org/protocol/disco#items" // XEP-0030
	Data        = "jabber:x:data"                          // XEP-0004
	RSM         = "http://jabber.org/protocol/rsm"         // XEP-0059
	MUC         = "http://jabber.org/protocol/muc"         // XEP-0045
	MUCUser     = "http://jabber.org/protocol/muc#user"    // XEP-0045
	StanzaID    = "urn:xmpp:sid:0"                         // XEP-0359
	Forward     = "urn:xmpp:forward:0"                     // XEP-0297
	Carbons     = "urn:xmpp:carbons:2"                     // XEP-0280
	MAM         = "urn:xmpp:mam:2"                         // XEP-0313, XEP-0441
	MAMExtended = "urn:xmpp:mam:2#extended"                // XEP-0313 §7
	ChatMarkers = "urn:xmpp:chat-markers:0"                // XEP-0333
	ChatStates  = "http://jabber.org/protocol/chatstates"  // XEP-0085
	Receipts    = "urn:xmpp:receipts"                      // XEP-0184
	Hints       = "urn:xmpp:hints"                         // XEP-0334
	SHIM        = "http://jabber.org/protocol/shim"        // XEP-0131
	Private     = "jabber:iq:private"                      // XEP-0049
)

// Publish-subscribe and what is kept with it.
const (
	PubSub         = "http://jabber.org/protocol/pubsub"                         // XEP-0060
	PubSubOwner    = "http://jabber.org/protocol/pubsub#owner"                   // XEP-0060
	PubSubEvent    = "http://jabber.org/protocol/pubsub#event"                   // XEP-0060
	PubSubErrors   = "http://jabber.org/protocol/pubsub#errors"                  // XEP-0060
	PubSubNode     = "http://jabber.org/protocol/pubsub#node_config"             // XEP-0060 §16.4.4: a FORM_TYPE
	PubSubMetaData = "http://jabber.org/protocol/pubsub#meta-data"               // XEP-0060 §16.4.3: a FORM_TYPE
	PubSubPublish  = "http://jabber.org/protocol/pubsub#publish-options"         // XEP-0060 §7.1.5: a FORM_TYPE
	PubSubSub      = "http://jabber.org/protocol/pubsub#subscribe_options"       // XEP-0060 §16.4.2: a FORM_TYPE
	PubSubAllow    = "http://jabber.org/protocol/pubsub#subscribe_authorization" // XEP-0060 §16.4.1: a FORM_TYPE
	PubSubPending  = "http://jabber.org/protocol/pubsub#get-pending"             // XEP-0060 §8.7: a command
	Bookmarks      = "urn:xmpp:bookmarks:1"                                      // XEP-0402
	BookmarksOld   = "storage:bookmarks"                                         // XEP-0048
)

// Rooms.
const (
	MUCAdmin    = "http://jabber.org/protocol/muc#admin"                  // XEP-0045 §19.3
	MUCOwner    = "http://jabber.org/protocol/muc#owner"                  // XEP-0045 §19.4
	MUCConfig   = "http://jabber.org/protocol/muc#roomconfig"             // XEP-0045 §16.5.3
	MUCInfo     = "http://jabber.org/protocol/muc#roominfo"               // XEP-0045 §16.5.4
	MUCRequest  = "http://jabber.org/protocol/muc#request"                // XEP-0045 §16.5.2
	MUCRegister = "http://jabber.org/protocol/muc#register"               // XEP-0045 §16.5.1
	MUCStableID = "http://jabber.org/protocol/muc#stable_id"              // XEP-0045 §16.3
	MUCSelfPing = "http://jabber.org/protocol/muc#self-ping-optimization" // XEP-0410 §3.3
	Conference  = "jabber:x:conference"                                   // XEP-0249
	OccupantID  = "urn:xmpp:occupant-id:0"                                // XEP-0421
	Hats        = "urn:xmpp:hats:0"                                       // XEP-0317
	Moderate    = "urn:xmpp:message-moderate:1"                           // XEP-0425
	Retract     = "urn:xmpp:message-retract:1"                            // XEP-0424
)

// Conversations, and what their parties ask of each other.
const (
	LastActivity  = "jabber:iq:last"             // XEP-0012
	Idle          = "urn:xmpp:idle:1"            // XEP-0319
	Attention     = "urn:xmpp:attention:0"       // XEP-0224
	Correct       = "urn:xmpp:message-correct:0" // XEP-0308
	References    = "urn:xmpp:reference:0"       // XEP-0372
	Encryption    = "urn:xmpp:eme:0"             // XEP-0380
	Styling       = "urn:xmpp:styling:0"         // XEP-0393
	Fallback      = "urn:xmpp:fallback:0"        // XEP-0428
	Reactions     = "urn:xmpp:reactions:0"       // XEP-0444
	Replies       = "urn:xmpp:reply:0"           // XEP-0461
	DisplayedSync = "urn:xmpp:mds:displayed:0"   // XEP-0490
)

// XRD is not of XMPP: host-meta documents (RFC 6415 §3, XEP-0156).
const XRD = "http://docs.oasis-open.org/ns/xri/xrd-1.0"
