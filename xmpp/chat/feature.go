package chat

import (
	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/disco"
)

// A Feature is something that a program can do with what its chats carry, by the name that it has in service discovery.
type Feature string

// What Support declares. Receipts are declared by AnswerReceipts, chat states by NewTypist.
const (
	FeatureAttention   Feature = ns.Attention   // XEP-0224; a user who wants no such thing does not declare it (§6)
	FeatureCorrections Feature = ns.Correct     // XEP-0308
	FeatureEncryption  Feature = ns.Encryption  // XEP-0380
	FeatureFallback    Feature = ns.Fallback    // XEP-0428
	FeatureLinks       Feature = ns.OOB         // XEP-0066
	FeatureMarkers     Feature = ns.ChatMarkers // XEP-0333
	FeatureReactions   Feature = ns.Reactions   // XEP-0444
	FeatureReferences  Feature = ns.References  // XEP-0372
	FeatureReplies     Feature = ns.Replies     // XEP-0461
	FeatureRetractions Feature = ns.Retract     // XEP-0424, and moderation (XEP-0425)
	FeatureStyling     Feature = ns.Styling     // XEP-0393
)

// ConversationFeatures are those that a Conversation takes care of.
var ConversationFeatures = []Feature{FeatureCorrections, FeatureReactions, FeatureRetractions, FeatureMarkers, FeatureFallback, FeatureReplies}

// Support declares in service discovery what the program does with these payloads when they come, until remove is called. Others use that
// to choose what to send.
func Support(e xmpp.Endpoint, features ...Feature) (remove func()) {
	list := make([]string, len(features))
	for i, f := range features {
		list[i] = string(f)
	}
	return disco.Of(e).Declare(list...)
}
