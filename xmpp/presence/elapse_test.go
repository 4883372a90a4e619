package presence_test

import "time"

// elapse lets the time of the bubble go on; outside of a bubble (testing/synctest) a test must not call it.
func elapse(d time.Duration) { <-time.After(d) }
