//go:build !race

package main

// slack is by how much the race detector makes memory and allocations more; here there is none.
const slack = 1
