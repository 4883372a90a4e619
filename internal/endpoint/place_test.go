package endpoint

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/internal/leak"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/hostmeta"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) { leak.Main(m) }

// A domain answers for itself with its host-meta document, and counts who asks.
type domain struct {
	doc   string // "": there is none
	asked int
}

func (d *domain) RoundTrip(r *http.Request) (*http.Response, error) {
	d.asked++
	if d.doc == "" || r.URL.Path != "/.well-known/host-meta" {
		return nil, errLost
	}
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(d.doc)), Request: r}, nil
}

var errLost = errors.New("nobody knows")

const found = "<XRD xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0'><Link rel='urn:xmpp:alt-connections:xbosh' href='https://a/'/>" +
	"<Link rel='urn:xmpp:alt-connections:xbosh' href='https://b/'/></XRD>"

// TestFind: where a transport goes, and where not. Nobody is asked who need not be.
func TestFind(t *testing.T) {
	const other = "<XRD xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0'><Link rel='urn:xmpp:alt-connections:websocket' href='wss://a/'/></XRD>"
	for _, c := range []struct {
		name, own, sent string
		plain           bool
		doc             string
		want            []string
		step            xmpp.Step
		at              string
		why             error
	}{
		{name: "its own", own: "https://a/", want: []string{"https://a/"}},
		{name: "its own, plain", own: "http://a/", step: xmpp.StepTLS, at: "http://a/", why: errPlain},
		{name: "its own, plain and permitted", own: "http://a/", plain: true, want: []string{"http://a/"}},
		{name: "its own is none", own: "wss://a/", plain: true, step: xmpp.StepTLS, at: "wss://a/"},
		{name: "found", doc: found, want: []string{"https://a/", "https://b/"}},
		{name: "not found", step: xmpp.StepDNS, at: "canto.test", why: errLost},
		{name: "another kind found", doc: other, step: xmpp.StepDNS, at: "canto.test", why: hostmeta.ErrNone},
		{name: "sent", own: "https://a/", sent: "https://b/", want: []string{"https://b/"}},
		{name: "sent from what was found", sent: "https://b/", want: []string{"https://b/"}},
		{name: "sent to less", own: "https://a/", sent: "http://b/", plain: true, step: xmpp.StepStream, at: "http://b/", why: errDowngrade},
		{name: "sent to less from what was found", sent: "http://b/", plain: true, step: xmpp.StepStream, at: "http://b/", why: errDowngrade},
		{name: "sent as little", own: "http://a/", sent: "http://b/", plain: true, want: []string{"http://b/"}},
		{name: "sent elsewhere", own: "https://a/", sent: "wss://b/", step: xmpp.StepStream, at: "wss://b/", why: errOtherKind},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := &domain{doc: c.doc}
			got, err := BOSH.Find(t.Context(), jid.MustParse("alice@canto.test"), c.own, c.sent, c.plain, d)
			require.Equal(t, c.want, got)
			require.Equal(t, c.own == "" && c.sent == "", d.asked > 0)
			if c.step == "" {
				require.NoError(t, err)
				return
			}
			var dial *xmpp.DialError
			require.ErrorAs(t, err, &dial)
			require.Equal(t, c.step, dial.Step)
			require.Equal(t, c.at, dial.Addr)
			if c.why != nil {
				require.ErrorIs(t, err, c.why)
			}
		})
	}
}

// TestFirst: the first that succeeds; one that hangs leaves time for the others, and the only one has all of it.
func TestFirst(t *testing.T) {
	try := func(ctx context.Context, url string) (string, error) {
		if url == "hangs" {
			<-ctx.Done()
			return "", ctx.Err()
		}
		if url != "good" {
			return "", errors.New(url)
		}
		return url, nil
	}
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		got, err := First(t.Context(), []string{"bad", "hangs", "good", "never"}, try)
		require.NoError(t, err)
		require.Equal(t, "good", got)
		require.Equal(t, patience, time.Since(start))
		_, err = First(t.Context(), []string{"bad", "worse"}, try)
		require.EqualError(t, err, "bad")
		start = time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		_, err = First(ctx, []string{"hangs"}, try)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, time.Hour, time.Since(start))
	})
}
