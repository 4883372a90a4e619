package web

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// TestEndpoints: where a transport goes, and where not.
func TestEndpoints(t *testing.T) {
	lost := errors.New("nobody knows")
	for _, c := range []struct {
		name, own, sent string
		plain           bool
		found           []string
		want            []string
		step            string
	}{
		{name: "its own", own: "https://a/", want: []string{"https://a/"}},
		{name: "its own, plain", own: "http://a/", step: "tls"},
		{name: "its own, plain and permitted", own: "http://a/", plain: true, want: []string{"http://a/"}},
		{name: "its own is none", own: "wss://a/", plain: true, step: "tls"},
		{name: "found", found: []string{"https://a/", "https://b/"}, want: []string{"https://a/", "https://b/"}},
		{name: "not found", step: "dns"},
		{name: "sent", own: "https://a/", sent: "https://b/", want: []string{"https://b/"}},
		{name: "sent from what was found", sent: "https://b/", want: []string{"https://b/"}},
		{name: "sent to less", own: "https://a/", sent: "http://b/", plain: true, step: "stream"},
		{name: "sent to less from what was found", sent: "http://b/", plain: true, step: "stream"},
		{name: "sent as little", own: "http://a/", sent: "http://b/", plain: true, want: []string{"http://b/"}},
		{name: "sent elsewhere", own: "https://a/", sent: "wss://b/", step: "stream"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := BOSH.Endpoints(c.own, c.sent, c.plain, func() ([]string, error) {
				if c.found == nil {
					return nil, lost
				}
				return c.found, nil
			})
			require.Equal(t, c.want, got)
			if c.step == "" {
				require.NoError(t, err)
				return
			}
			var place *PlaceError
			require.ErrorAs(t, err, &place)
			require.Equal(t, c.step, place.Step)
			require.Equal(t, c.step == "dns", errors.Is(err, lost))
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
