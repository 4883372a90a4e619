package xmpp_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"

	"github.com/canto-im/canto/xmpp"
)

func ExampleFileStore() {
	dir, err := os.MkdirTemp("", "store")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()

	store := xmpp.FileStore(dir)
	version, err := store.Save(ctx, "greeting", []byte("hello"), 0) // 0: there must be none yet
	if err != nil {
		log.Fatal(err)
	}
	if _, err = store.Save(ctx, "greeting", []byte("good day"), version); err != nil {
		log.Fatal(err)
	}

	// Somebody who still believes in the first version can't undo the second.
	_, err = store.Save(ctx, "greeting", []byte("farewell"), version)
	fmt.Println(errors.Is(err, xmpp.ErrStale))
	value, _, err := store.Load(ctx, "greeting")
	fmt.Printf("%s %v\n", value, err)
	// Output:
	// true
	// good day <nil>
}
