// Package ns names the XML namespaces that Canto speaks, so that each stands once in the tree.
//
// A constant is named after its protocol; the comment beside it cites the document that defines it. The package holds
// nothing else and imports nothing, so that every floor may use it.
package ns
