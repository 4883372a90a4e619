// Package web has what the transports of a stream over HTTP share: the way to a server, and which URLs may be gone to.
package web
