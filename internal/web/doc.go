// Package web judges the URLs that servers send: which of them may be gone to.
package web
