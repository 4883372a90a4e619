// Package corpus writes streams as servers send them, from a fixed seed, the same in every run: what the tests and
// benchmarks of the tokenizer, of stanzas and of sessions read.
//
//	data := corpus.Make("mixed", corpus.Size) // a client's stream of 20 MiB, header and end included
//
// Test support: standard library only.
package corpus
