// Package marked keeps a part of a file that a command writes, between two marks: the tables in the README.
//
//	part := marked.Of("speed", "go run ./internal/bench")
//	err := part.Write("README.md", table)
//
// Support: standard library only.
package marked
