// Package unmarshal is for types that are read from a stanza.Element, and are part of what encoding/xml reads as well.
package unmarshal
