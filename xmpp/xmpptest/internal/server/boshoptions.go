package server

import (
	"cmp"
	"time"
)

// BOSH configures the connection manager of XEP-0124. The zero value is that of a server of today: two requests at a time, one of
// them held, for a minute.
type BOSH struct {
	Wait       time.Duration // the longest that a request is held; 0 means a minute, negative not at all
	Inactivity time.Duration // how long there may be no request; 0 means half a minute
	Polling    time.Duration // the least time between two empty requests where none is held; 0 means 5 seconds
	MaxPause   time.Duration // the longest pause; 0 means two minutes, negative that there is none
	Requests   int           // at a time; 0 means 2
	// FeaturesLater gives the features with the second response, as a connection manager does that has to ask first (XEP-0206 §4).
	FeaturesLater bool
	// Unqualified leaves the namespace of stanzas out, as many do (XEP-0206 §2).
	Unqualified bool
	// Legacy says nothing of versions, and everything terminal in statuses of HTTP (XEP-0124 §17.1).
	Legacy bool
	// NoRestart says that streams can't be restarted.
	NoRestart bool
	// Fault, when set, is asked about each request what becomes of it, one at a time. It must not call the server.
	Fault func(r BOSHRequest) BOSHFault
}

// A BOSHRequest is one that has come.
type BOSHRequest struct {
	Number int    // of the session, from 1, repeated ones too; the first creates it
	RID    uint64 // less that of the first
	Again  bool   // the rid has come before
	XML    string
}

// A BOSHFault is what becomes of a request that the network, or the connection manager, does not treat as it should.
type BOSHFault struct {
	LoseRequest  bool          // the connection ends before the request has come
	LoseResponse bool          // the connection ends in place of the response
	Delay        time.Duration // the response is so much later than it could be, and may be overtaken
	Again        bool          // it has to be repeated (§17.3); it was not taken
	Terminate    string        // the session ends with this condition (§17.2)
	URI          string        // that of see-other-uri
	Status       int           // HTTP's, in place of all else; the request was not taken
	Body         func(response string) string
}

func (o *BOSH) withDefaults() *BOSH {
	var c BOSH
	if o != nil {
		c = *o
	}
	c.Wait = max(cmp.Or(c.Wait, time.Minute), 0)
	c.Inactivity = cmp.Or(c.Inactivity, 30*time.Second)
	c.Polling = cmp.Or(c.Polling, 5*time.Second)
	c.MaxPause = max(cmp.Or(c.MaxPause, 2*time.Minute), 0)
	c.Requests = cmp.Or(c.Requests, 2)
	return &c
}
