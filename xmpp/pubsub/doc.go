// Package pubsub publishes items at nodes, reads them, and hears of them as they change: publish-subscribe (XEP-0060), at the account of
// each user too (personal eventing, XEP-0163), and for data that is to be kept there, seen by everybody (XEP-0222) or by nobody else
// (XEP-0223).
//
//	type Tune struct {
//		XMLName xml.Name `xml:"http://jabber.org/protocol/tune tune"`
//		Artist  string   `xml:"artist,omitempty"`
//		Title   string   `xml:"title,omitempty"`
//	}
//	const node = "http://jabber.org/protocol/tune"
//
//	pubsub.OnPersonal(s, node, func(ctx context.Context, ev pubsub.Event[Tune]) error {
//		for _, item := range ev.Items {
//			fmt.Println(ev.Service, "listens to", item.Payload.Title)
//		}
//		return nil
//	})
//	s.Send(ctx, &stanza.Presence{}) // says that we want to hear of it; what our contacts have published last comes at once
//
//	_, err := pubsub.Publish(ctx, s, jid.JID{}, node, "", Tune{Title: "Heroes"})
//
// Where a function takes a service, the zero address is our own account: its nodes are made when something is published there, and
// its contacts hear of it if their presence says so. Any other is an account of somebody, or a service such as
// "pubsub.example.com" (disco.Services finds it), where a node is to be made (Create) and those who want to hear of it Subscribe.
//
// Items is an iterator over what a node holds, Get and Latest return one item. What comes by itself is an Event: OnEvent and OnPersonal
// give it to a function, Events and PersonalEvents to a channel. The payload is a type of the program, which these
// functions have as their parameter; with stanza.Element it may be anything.
//
// How a node is configured is a data form: Config returns it, and Create, Configure and Publish take fields of it.
//
//	_, err := pubsub.Create(ctx, s, service, "news", form.Of(pubsub.AccessModel, pubsub.Whitelist), form.Of(pubsub.MaxItems, 100))
//
// # Errors
//
// An *Error says what was asked of whom. errors.Is finds the condition, stanza.ItemNotFound for a node that is not there, and where
// there is one, that of publish-subscribe's own: PreconditionNotMet, NotSubscribed, ClosedNode.
//
// # Whom to believe
//
// An event is a message, and anybody can send one. OnEvent takes it from the one who is named and from nobody else, for our own account from
// its bare address alone; OnPersonal from bare addresses, from which an account's clients can't send, and only of that account itself.
// A Publisher is as good as the service's word.
//
// What is published at an account can be read by all who see its presence, unless the node is configured otherwise. What is for
// nobody's eyes goes through PublishPrivate, which makes sure of that or fails.
//
// # Architecture
//
// wire.go reads and writes the elements, ask.go sends requests; publish.go, items.go and item.go are what publishers and readers do, subscribe.go
// subscribers, node.go, manage.go, authorize.go and pending.go owners. event.go reads events, watch.go says whose are believed and
// hands them over. private.go has XEP-0222 and XEP-0223. The only state is what our server is able to do, for one session.
package pubsub
