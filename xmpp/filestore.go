package xmpp

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// FileStore returns a Store that keeps its values in files below dir, which is made when the first value is saved. A
// relative dir is taken from the working directory of now. Directories have mode 0700 and files 0600: there are tokens in
// them that let their holder log in.
//
// A value is replaced whole or not at all and is on the disk when Save returns. Processes on one machine may share a dir.
// None ever waits for another, so a process that is frozen or killed at any moment harms nobody. Damaged files are found
// by their checksum, and the error names them. The file system must be a local one: a network file system that caches
// names may keep two machines from seeing each other in time.
//
// Keys are never used as paths. A removed value leaves a file of some hundred bytes, without which an old version could
// come back.
func FileStore(dir string) Store {
	if dir == "" {
		return &fileStore{err: errors.New("xmpp: FileStore: no directory given")}
	}
	abs, err := filepath.Abs(dir)
	return &fileStore{dir: abs, err: err}
}

// A fileStore has one directory for each key, and in that:
//
//	7/value           version 7 of the value; the highest number is the one that counts
//	tmp-8-123/value   what somebody is about to make version 8
//
// To save is to rename a tmp directory to the next number. That fails if the number is taken, and so the file system
// decides between two savers, in one step, without a lock: a lock would be held by a frozen process for as long as it is
// frozen, and its successor would wait.
//
// There is one more danger: old versions are cleaned away, so a number may be free again for a saver that slept between
// its look at the directory and its rename. Three rules meet it. A saver makes its tmp directory before it looks which
// version is the highest. Who has made version n takes away all tmp directories for n and below before any old
// version: a late saver then has nothing left to rename. And old versions go in rising order, so that those which stand
// are always consecutive.
type fileStore struct {
	dir string
	err error // what was wrong with dir

	step func(op, name string) // see shelf
}

const (
	valueName = "value"
	storeDir  = 0o700
	storeFile = 0o600
)

// storeError says what failed for which key. ErrStale goes out as it is.
func storeError(action, key string, err error) error {
	if errors.Is(err, ErrStale) {
		return ErrStale
	}
	return fmt.Errorf("xmpp: store: %s %q: %w", action, key, err)
}

// shelf returns the directory of a key. Its name is a hash: a key may be of any length and hold any characters.
func (s *fileStore) shelf(ctx context.Context, key string) (shelf, error) {
	if s.err != nil {
		return shelf{}, s.err
	}
	sum := sha256.Sum256([]byte(key))
	return shelf{key: key, dir: filepath.Join(s.dir, hex.EncodeToString(sum[:])), step: s.step}, ctx.Err()
}

// Load implements Store.
func (s *fileStore) Load(ctx context.Context, key string) ([]byte, uint64, error) {
	sh, err := s.shelf(ctx, key)
	if err != nil {
		return nil, 0, err
	}
	e, err := sh.newest(ctx)
	if err != nil {
		return nil, 0, storeError("load", key, err)
	}
	if e.removed {
		return nil, 0, nil
	}
	return e.value, e.version, nil
}

// Save implements Store.
func (s *fileStore) Save(ctx context.Context, key string, value []byte, version uint64) (uint64, error) {
	sh, err := s.shelf(ctx, key)
	if err != nil {
		return 0, err
	}
	base := version
	if version == 0 {
		e, err := sh.newest(ctx)
		if err != nil {
			return 0, storeError("save", key, err)
		}
		if !e.removed {
			return 0, ErrStale
		}
		if value == nil {
			return 0, nil
		}
		base = e.version // versions go on counting behind a removed value
		if err := s.makeShelf(sh); err != nil {
			return 0, storeError("save", key, err)
		}
	}
	e := entry{key: key, value: value, removed: value == nil, version: base + 1}
	if err := sh.put(ctx, e); err != nil {
		return 0, storeError("save", key, err)
	}
	if e.removed {
		return 0, nil
	}
	return e.version, nil
}

// makeShelf makes the directory of a key and sees to it that it is on the disk.
func (s *fileStore) makeShelf(sh shelf) error {
	err := os.Mkdir(sh.dir, storeDir)
	if errors.Is(err, fs.ErrNotExist) {
		if err := os.MkdirAll(s.dir, storeDir); err != nil {
			return err
		}
		if err := syncDir(filepath.Dir(s.dir)); err != nil {
			return err
		}
		err = os.Mkdir(sh.dir, storeDir)
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDir(s.dir)
}
