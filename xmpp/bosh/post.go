package bosh

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/canto-im/canto/internal/stream"
	"github.com/canto-im/canto/internal/xmltext"
	"github.com/canto-im/canto/xmpp"
)

// post makes one attempt.
func (c *conn) post(ctx context.Context, r request) (*body, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(r.xml))
	if err != nil {
		return nil, err
	}
	for name, values := range c.header {
		req.Header[name] = values
	}
	req.Header.Set("Content-Type", "text/xml; charset=utf-8") // XEP-0124 §5
	resp, err := c.web.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	b, err := c.read(resp)
	if err != nil {
		return nil, err
	}
	a, err := readBody(xmltext.NewDecoder(bytes.NewReader(nil), c.limits), b)
	if resp.StatusCode == http.StatusOK {
		return a, err
	}
	if err == nil && a.end {
		return a, nil
	}
	return nil, c.judge(resp)
}

// judge is the error for a response whose status is all that it says.
func (c *conn) judge(resp *http.Response) error {
	e := &statusError{code: resp.StatusCode, status: resp.Status}
	c.mu.Lock()
	defer c.mu.Unlock()
	// XEP-0124 §17.1: only from those who never learnt to say it otherwise. It may as well be of somebody in between.
	if why := e.condition(); why != "" && c.book.sid != "" && c.book.legacy {
		return &Error{Condition: why, Status: resp.Status}
	}
	return e
}

// read reads a response.
func (c *conn) read(resp *http.Response) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(resp.Body, int64(c.most)+1))
	if len(b) > c.most {
		return nil, &stream.Error{
			Condition: string(xmpp.PolicyViolation),
			Text:      fmt.Sprintf("limit exceeded: a response has more than %d bytes (Limits.AnswerBytes and LaneSoft)", c.most),
		}
	}
	return b, err
}

// isLoss reports whether an attempt failed with err in such a way that the request may be made again.
func isLoss(err error) bool {
	var cert *tls.CertificateVerificationError
	var said *Error
	var status *statusError
	var syntax *xmltext.SyntaxError
	var broken *stream.Error
	switch {
	case errors.As(err, &status):
		return status.passes()
	case errors.As(err, &said), errors.As(err, &syntax), errors.As(err, &broken), errors.As(err, &cert):
		return false
	}
	return !errors.Is(err, errOtherKey) && !errors.Is(err, errNoBody)
}
