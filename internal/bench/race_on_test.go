//go:build race

package main

// slack is by how much the race detector makes memory and allocations more: it empties pools at random, lets values escape and
// keeps a shadow of all.
const slack = 20
