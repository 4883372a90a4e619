// Command fetch unpacks the newer servers that the integration tests run against, Prosody 13 and ejabberd 24.12, into a cache
// folder, and says where that is; it's quick when they are there. See package servers.
//
//	go run ./internal/integration/servers/fetch
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"

	"github.com/canto-im/canto/internal/integration/servers"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	dir, err := servers.Fetch(ctx, os.Stderr)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(dir)
}
