package sasl

import "context"

// Anonymous returns ANONYMOUS (RFC 4505): the server gives out a temporary account. Trace, at most 255 characters, tells
// the operator who this is, as an e-mail address might; XEP-0175 section 2 advises to leave it empty.
func Anonymous(trace string) Mechanism { return &anonymous{label: "ANONYMOUS", trace: trace} }

type anonymous struct {
	label
	trace string
}

func (m *anonymous) usable(c Conn) error { return needTLS(m.Name(), c) }

// Start implements Mechanism.
func (m *anonymous) Start(_ context.Context, c Conn) (Exchange, error) {
	if err := m.usable(c); err != nil {
		return nil, err
	}
	if err := traceprep(m.trace); err != nil {
		return nil, fail(m.Name(), "", ErrCredentials, "the trace information %v", err)
	}
	// XEP-0175 section 2: without trace information there is no initial response. A server may still ask for it.
	return &single{label: m.label, message: hide(m.trace), late: m.trace == ""}, nil
}
