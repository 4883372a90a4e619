// Package leak fails a test run that leaves goroutines behind.
//
//	func TestMain(m *testing.M) { leak.Main(m) }
//
// Canto promises that a closed session leaves none (DESIGN §4, promise 2), so every package that starts a goroutine ends
// its tests with this check. It compares nothing with a snapshot: after the tests of a package have run, only the goroutine
// that runs TestMain and those of the runtime may stand. A goroutine that is on its way out gets until a deadline
// to leave; whatever is still there is printed with its stack and turns the run into a failure.
//
// Test support: it imports the standard library alone, and only test code imports it.
package leak
