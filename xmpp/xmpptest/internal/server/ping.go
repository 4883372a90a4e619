package server

import (
	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/xmltext"
)

// pingModule is XEP-0199.
func pingModule() module {
	return module{
		name:            "ping",
		serverFeatures:  []string{ns.Ping},
		accountFeatures: []string{ns.Ping},
		iqs: []iqRoute{{to: toServer | toOwn | toAccount, typ: "get", name: xmltext.Name{Space: ns.Ping, Local: "ping"},
			answer: func(*request) (*Element, *stanzaError) { return nil, nil }}},
	}
}

// versionModule is XEP-0092.
func versionModule() module {
	return module{
		name:           "version",
		serverFeatures: []string{ns.Version},
		iqs: []iqRoute{{to: toServer, typ: "get", name: xmltext.Name{Space: ns.Version, Local: "query"},
			answer: func(*request) (*Element, *stanzaError) {
				return el(ns.Version, "query").with(
					el(ns.Version, "name").withText("Canto test server"),
					el(ns.Version, "version").withText("1"),
				), nil
			}}},
	}
}
