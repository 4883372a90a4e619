package xmpp

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// valueFile returns the path of the file that holds a version of a key.
func valueFile(t testing.TB, dir, key string, version uint64) string {
	t.Helper()
	sh, err := (&fileStore{dir: dir}).shelf(t.Context(), key)
	require.NoError(t, err)
	return sh.path(versionName(version), valueName)
}

func TestFileStoreMakesItsDirectory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	s := FileStore(dir)
	requireValue(t, s, "k", "", 0)
	_, err := os.Stat(dir)
	require.ErrorIs(t, err, fs.ErrNotExist, "to look at a store makes nothing")
	_, err = s.Save(t.Context(), "k", []byte("late"), 7)
	require.ErrorIs(t, err, ErrStale)

	v := mustSave(t, s, "k", "one", 0)
	requireValue(t, FileStore(dir), "k", "one", v)
}

func TestFileStoreKeepsOthersOut(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // modes mean something else there
	}
	dir := filepath.Join(t.TempDir(), "store")
	s := FileStore(dir)
	v := mustSave(t, s, "k", "one", 0)
	mustSave(t, s, "k", "two", v)
	files := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		require.NoError(t, err)
		info, err := d.Info()
		require.NoError(t, err)
		if d.IsDir() {
			assert.Equal(t, fs.FileMode(0o700), info.Mode().Perm(), path)
		} else {
			files++
			assert.Equal(t, fs.FileMode(0o600), info.Mode().Perm(), path)
		}
		return nil
	})
	require.NoError(t, err)
	assert.Equal(t, 1, files, "old versions and drafts are gone")
}

func TestFileStoreIsBoundToTheDirectoryOfItsMaking(t *testing.T) {
	home := t.TempDir()
	t.Chdir(home)
	s := FileStore("store")
	t.Chdir(t.TempDir())
	v := mustSave(t, s, "k", "one", 0)
	requireValue(t, FileStore(filepath.Join(home, "store")), "k", "one", v)
}

func TestFileStoreWithoutDirectory(t *testing.T) {
	s := FileStore("")
	_, _, err := s.Load(t.Context(), "k")
	require.ErrorContains(t, err, "no directory")
	_, err = s.Save(t.Context(), "k", []byte("one"), 0)
	require.ErrorContains(t, err, "no directory")
}

func TestFileStoreInAFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err := FileStore(file).Save(t.Context(), "k", []byte("one"), 0)
	require.Error(t, err)
	require.NotErrorIs(t, err, ErrStale)
	require.ErrorContains(t, err, file)
}

func TestFileStoreReportsDamage(t *testing.T) {
	edit := func(f func(b []byte) []byte) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			file := valueFile(t, dir, "k", 1)
			b, err := os.ReadFile(file)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(file, f(b), 0o600))
		}
	}
	tests := []struct {
		name, text string
		harm       func(t *testing.T, dir string)
	}{
		{"empty", "cut off", edit(func([]byte) []byte { return nil })},
		{"cut", "checksum", edit(func(b []byte) []byte { return b[:len(b)-1] })},
		{"cut in the header", "cut off", edit(func(b []byte) []byte { return b[:30] })},
		{"longer", "checksum", edit(func(b []byte) []byte { return append(b, 0) })},
		{"changed", "checksum", edit(func(b []byte) []byte { b[len(b)-40] ^= 1; return b })},
		{"zeros", "begin", edit(func(b []byte) []byte { return make([]byte, len(b)) })},
		{"another version", "version 2", edit(func([]byte) []byte { return entry{key: "k", value: []byte{}, version: 2}.append(nil) })},
		{"another key", `"x"`, edit(func([]byte) []byte { return entry{key: "x", value: []byte{}, version: 1}.append(nil) })},
		{"gone", "missing", func(t *testing.T, dir string) { require.NoError(t, os.Remove(valueFile(t, dir, "k", 1))) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			s := FileStore(dir)
			mustSave(t, s, "k", "secret value", 0)
			tt.harm(t, dir)

			_, _, err := s.Load(t.Context(), "k")
			require.ErrorContains(t, err, tt.text)
			require.ErrorContains(t, err, valueFile(t, dir, "k", 1), "the error names the file")
			assert.NotContains(t, err.Error(), "secret")
			_, err = s.Save(t.Context(), "k", []byte("over it"), 0)
			require.ErrorContains(t, err, "damaged", "what is damaged is not nothing")

			// Who still knows the version may replace what is damaged, and the other keys are not harmed.
			v := mustSave(t, s, "k", "healed", 1)
			requireValue(t, s, "k", "healed", v)
			mustSave(t, s, "other", "value", 0)
		})
	}
}

// What the error about a damaged file advises has to work.
func TestFileStoreGoesOnWithoutADamagedValue(t *testing.T) {
	dir := t.TempDir()
	s := FileStore(dir)
	mustSave(t, s, "k", "one", 0)
	file := valueFile(t, dir, "k", 1)
	require.NoError(t, os.Truncate(file, 3))
	_, _, err := s.Load(t.Context(), "k")
	require.ErrorContains(t, err, "remove the directory "+filepath.Dir(filepath.Dir(file)))
	require.NoError(t, os.RemoveAll(filepath.Dir(filepath.Dir(file))))
	requireValue(t, s, "k", "", 0)
	mustSave(t, s, "k", "two", 0)
}

// A process that was killed leaves its draft, and old versions that it had no time to clean away.
func TestFileStoreOutlivesWhatTheKilledLeave(t *testing.T) {
	dir := t.TempDir()
	s := FileStore(dir)
	v := mustSave(t, s, "k", "one", 0)
	shelf := filepath.Dir(filepath.Dir(valueFile(t, dir, "k", 1)))
	for _, left := range []string{"tmp-1-1", "tmp-2-2", "0", "00", "nonsense", "tmp-x"} {
		require.NoError(t, os.Mkdir(filepath.Join(shelf, left), 0o700))
	}
	require.NoError(t, os.WriteFile(filepath.Join(shelf, "tmp-2-2", valueName), []byte("half of a va"), 0o600))
	requireValue(t, s, "k", "one", v)
	for i := range 3 {
		v = mustSave(t, s, "k", strconv.Itoa(i), v)
	}
	requireValue(t, s, "k", "2", v)
	left, err := os.ReadDir(shelf)
	require.NoError(t, err)
	var names []string
	for _, d := range left {
		names = append(names, d.Name())
	}
	assert.Equal(t, []string{"00", "4", "nonsense", "tmp-x"}, names, "what can't be ours is left alone")
}

// addVersion does what a saver does that is killed before it cleans.
func addVersion(t *testing.T, dir, key string, version uint64) {
	t.Helper()
	file := valueFile(t, dir, key, version)
	require.NoError(t, os.Mkdir(filepath.Dir(file), 0o700))
	e := entry{key: key, value: []byte("added"), version: version}
	require.NoError(t, os.WriteFile(file, e.append(nil), 0o600))
}

// A listing need not show what comes while it is made.
func TestFileStoreLooksBeyondItsListing(t *testing.T) {
	dir := t.TempDir()
	s := FileStore(dir).(*fileStore)
	mustSave(t, s, "k", "one", 0)
	added := uint64(1)
	s.step = func(op, _ string) {
		if op == "look" && added < 4 {
			added++
			addVersion(t, dir, "k", added)
		}
	}
	requireValue(t, s, "k", "added", 4)
}

func TestFileStoreGivesUpWithoutATrace(t *testing.T) {
	dir := t.TempDir()
	s := FileStore(dir).(*fileStore)
	v := mustSave(t, s, "k", "one", 0)
	ctx, cancel := context.WithCancel(t.Context())
	s.step = func(op, _ string) {
		if op == "write" {
			cancel()
		}
	}
	_, err := s.Save(ctx, "k", []byte("two"), v)
	require.ErrorIs(t, err, context.Canceled)
	requireValue(t, s, "k", "one", v)
	left, err := os.ReadDir(filepath.Dir(filepath.Dir(valueFile(t, dir, "k", 1))))
	require.NoError(t, err)
	assert.Len(t, left, 1, "no draft is left")
}

// fileStore's rules: drafts go before old versions, and those in rising order.
func TestFileStoreCleansInOrder(t *testing.T) {
	dir := t.TempDir()
	s := FileStore(dir).(*fileStore)
	v := mustSave(t, s, "k", "one", 0)
	shelf := filepath.Dir(filepath.Dir(valueFile(t, dir, "k", 1)))
	for version := uint64(2); version <= 12; version++ {
		addVersion(t, dir, "k", version)
		v = version
	}
	for _, draft := range []string{"tmp-3-1", "tmp-13-1", "tmp-14-1"} {
		require.NoError(t, os.Mkdir(filepath.Join(shelf, draft), 0o700))
	}
	var removed []string
	s.step = func(op, name string) {
		if op == "remove" {
			removed = append(removed, name)
		}
	}
	mustSave(t, s, "k", "last", v)
	assert.Equal(t, "tmp-13-1 tmp-3-1 1 2 3 4 5 6 7 8 9 10 11 12", strings.Join(removed, " "))
	assert.DirExists(t, filepath.Join(shelf, "tmp-14-1"), "a draft for what is to come is somebody's work")
}

// A saver that falls asleep between its look and its rename, while others go on until its number is free again.
func TestFileStoreLateSaverFindsNothingToRename(t *testing.T) {
	for _, asleep := range []string{"write", "rename"} {
		t.Run(asleep, func(t *testing.T) {
			dir := t.TempDir()
			others := FileStore(dir)
			v := mustSave(t, others, "k", "one", 0)
			late := FileStore(dir).(*fileStore)
			late.step = func(op, _ string) {
				if op == asleep {
					for range 3 {
						v = mustSave(t, others, "k", "theirs", v)
					}
				}
			}
			_, err := late.Save(t.Context(), "k", []byte("late"), v)
			require.ErrorIs(t, err, ErrStale)
			requireValue(t, others, "k", "theirs", 4)
		})
	}
}
