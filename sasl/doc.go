// Package sasl proves who a client is: the mechanisms of SASL (RFC 4422) as XMPP uses them.
package sasl
