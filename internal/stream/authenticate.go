package stream

import (
	"strconv"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/xmltext"
)

// Authenticate is the client's request to log in, together with what is to happen at once when it has (XEP-0388 §2.3).
type Authenticate struct {
	Mechanism    string
	Initial      *string // the initial response, in base64; nil: none, which is not the same as an empty one (§2.2)
	Agent        UserAgent
	Resume       *Resumption  // the stream to go on with (XEP-0198 §9.2); nil: none
	Bind         *BindRequest // the resource to bind if none was resumed (XEP-0386); nil: none
	RequestToken string       // the mechanism that a new token is asked for (XEP-0484 §3.2); empty: none
	// Count is of a FAST token in use: which of its uses this is, from 1 (XEP-0484 §3.4). 0: it's no token that is used.
	Count uint32
	// Invalidate has the server take that token no more after this use (XEP-0484 §3.6).
	Invalidate bool
}

// UserAgent tells a server what connects (XEP-0388 §2.3). Empty strings are left out.
type UserAgent struct {
	ID       string // a UUID of version 4, always the same for one installation
	Software string
	Device   string
}

// BindRequest asks for a resource (XEP-0386 §3.2).
type BindRequest struct {
	Tag    string   // of which the server makes the resource; empty: none
	Enable *Enable  // stream management for the new stream; nil: none
	Inline []string // what else is to be enabled: elements that stand alone
}

// sasl2 is a name of XEP-0388.
func sasl2(local string) xmltext.Name { return xmltext.Name{Space: ns.SASL2, Local: local} }

// Append appends <authenticate/>. The error is for strings that XML cannot carry; dst then comes back as it was.
func (a *Authenticate) Append(dst []byte) ([]byte, error) {
	var e xmltext.Encoder
	e.Reset(dst, ns.Client)
	e.Start(sasl2("authenticate"))
	e.Attr("mechanism", a.Mechanism)
	if a.Initial != nil {
		e.Element(sasl2("initial-response"), *a.Initial)
	}
	a.Agent.encode(&e)
	if a.Resume != nil {
		raw, err := a.Resume.AppendResume(nil)
		if err != nil {
			return dst, err
		}
		e.RawBytes(raw)
	}
	if a.Bind != nil {
		a.Bind.encode(&e)
	}
	a.encodeFAST(&e)
	e.End()
	out, err := e.Bytes()
	if err != nil {
		return dst, err
	}
	return out, nil
}

// encodeFAST writes the elements of XEP-0484.
func (a *Authenticate) encodeFAST(e *xmltext.Encoder) {
	if a.RequestToken != "" {
		e.Start(xmltext.Name{Space: ns.FAST, Local: "request-token"})
		e.Attr("mechanism", a.RequestToken)
		e.End()
	}
	if a.Count > 0 {
		// XEP-0484 §3.4: a client that uses a token MUST say so.
		e.Start(xmltext.Name{Space: ns.FAST, Local: "fast"})
		e.Attr("count", strconv.FormatUint(uint64(a.Count), 10))
		if a.Invalidate {
			e.Attr("invalidate", "true")
		}
		e.End()
	}
}

func (u UserAgent) encode(e *xmltext.Encoder) {
	if u == (UserAgent{}) {
		return
	}
	e.Start(sasl2("user-agent"))
	if u.ID != "" {
		e.Attr("id", u.ID)
	}
	if u.Software != "" {
		e.Element(sasl2("software"), u.Software)
	}
	if u.Device != "" {
		e.Element(sasl2("device"), u.Device)
	}
	e.End()
}

func (b *BindRequest) encode(e *xmltext.Encoder) {
	e.Start(xmltext.Name{Space: ns.Bind2, Local: "bind"})
	if b.Tag != "" {
		e.Element(xmltext.Name{Space: ns.Bind2, Local: "tag"}, b.Tag)
	}
	for _, raw := range b.Inline {
		e.Raw(raw)
	}
	if b.Enable != nil {
		e.RawBytes(b.Enable.Append(nil))
	}
	e.End()
}
