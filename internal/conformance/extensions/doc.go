// Extensions writes the README's table of the XEPs that Canto implements, from doap.xml in the folder above, which says so for
// programs (XEP-0453):
//
//	go run ./internal/conformance/extensions
//
// The list is kept by hand. The tests of this package hold it to the sources: each package that a note names cites the XEP, each
// XEP that the documentation of a package tells of is in the list, and the README has the table as it is.
package main
