// Package endpoint has what the transports of a stream over HTTP share (packages websocket and bosh): where their endpoints are, which
// of these may be gone to, and the way there.
package endpoint
