package xmpp

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// A shelf is the directory that holds the versions of one value. See fileStore for its rules.
type shelf struct {
	key  string
	dir  string
	step func(op, name string) // for tests: called before each step that others can see or undo; nil: nothing
}

func (sh shelf) at(op, name string) {
	if sh.step != nil {
		sh.step(op, name)
	}
}

// A draft is a tmp directory: what is about to become a version.
type draft struct {
	name    string
	version uint64
}

func (sh shelf) path(elem ...string) string {
	return filepath.Join(append([]string{sh.dir}, elem...)...)
}

func versionName(version uint64) string { return strconv.FormatUint(version, 10) }

// list returns the versions that stand, in rising order, and the drafts. What else lies in the directory is none of ours.
func (sh shelf) list() (versions []uint64, drafts []draft, err error) {
	sh.at("list", sh.dir)
	names, err := os.ReadDir(sh.dir)
	if err != nil {
		return nil, nil, err
	}
	for _, n := range names {
		rest, isDraft := strings.CutPrefix(n.Name(), "tmp-")
		number, _, _ := strings.Cut(rest, "-")
		version, err := strconv.ParseUint(number, 10, 64)
		switch {
		case err != nil:
		case isDraft:
			drafts = append(drafts, draft{n.Name(), version})
		case n.Name() == versionName(version):
			versions = append(versions, version)
		}
	}
	slices.Sort(versions)
	return versions, drafts, nil
}

// head returns the highest version, 0 when there is none. A listing that is made while the directory changes may miss
// what came and what went meanwhile. So an empty one is made again, and from the highest listed we go on upwards: the
// versions that stand are consecutive, so the first gap is the end.
func (sh shelf) head() (uint64, error) {
	for range 3 {
		versions, _, err := sh.list()
		if errors.Is(err, fs.ErrNotExist) {
			return 0, nil
		}
		if err != nil {
			return 0, err
		}
		if len(versions) > 0 {
			return sh.climb(versions[len(versions)-1])
		}
	}
	return 0, nil
}

// climb returns the highest version from version on.
func (sh shelf) climb(version uint64) (uint64, error) {
	for {
		above := versionName(version + 1)
		sh.at("look", above)
		_, err := os.Lstat(sh.path(above))
		if errors.Is(err, fs.ErrNotExist) {
			return version, nil
		}
		if err != nil {
			return 0, err
		}
		version++
	}
}

// newest reads the highest version; where there is none it returns version 0, removed.
func (sh shelf) newest(ctx context.Context) (entry, error) {
	for {
		head, err := sh.head()
		if err != nil || head == 0 {
			return entry{key: sh.key, removed: true}, err
		}
		file := sh.path(versionName(head), valueName)
		sh.at("read", file)
		b, err := os.ReadFile(file)
		if err == nil {
			return sh.decode(file, b, head)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return entry{}, err
		}
		if again, err := sh.head(); err != nil || again == head {
			return entry{}, sh.damaged(file, errors.Join(errNoValue, err))
		}
		if err := ctx.Err(); err != nil { // replaced and cleaned away between the look and the reading
			return entry{}, err
		}
	}
}

var errNoValue = errors.New("it is missing")

// decode reads a file and checks that it is the one that was asked for.
func (sh shelf) decode(file string, b []byte, version uint64) (entry, error) {
	e, err := decodeEntry(b)
	if err == nil && (e.key != sh.key || e.version != version) {
		err = fmt.Errorf("it holds version %d of %q", e.version, e.key)
	}
	if err != nil {
		return entry{}, sh.damaged(file, err)
	}
	return e, nil
}

func (sh shelf) damaged(file string, err error) error {
	return fmt.Errorf("the file %s is damaged: %w; to go on without this value, remove the directory %s", file, err, sh.dir)
}

// put makes e a version if the one before it is the highest, else it returns ErrStale.
func (sh shelf) put(ctx context.Context, e entry) error {
	sh.at("draft", versionName(e.version))
	tmp, err := os.MkdirTemp(sh.dir, "tmp-"+versionName(e.version)+"-*") // mode 0700
	if errors.Is(err, fs.ErrNotExist) {
		return ErrStale // no directory, so no version that could be replaced
	}
	if err != nil {
		return err
	}
	if err := sh.publish(ctx, tmp, e); err != nil {
		if errors.Is(sh.checkHead(e.version-1), ErrStale) {
			err = ErrStale // somebody was faster: whatever failed was a consequence of that
		}
		return errors.Join(err, os.RemoveAll(tmp))
	}
	// From here on the value counts. It's on the disk once the directory is.
	if err := syncDir(sh.dir); err != nil {
		return err
	}
	sh.clean(e.version)
	return nil
}

// publish fills the draft and renames it. That it exists before the look at the head is the first rule of fileStore.
func (sh shelf) publish(ctx context.Context, tmp string, e entry) error {
	if err := sh.checkHead(e.version - 1); err != nil {
		return err
	}
	sh.at("write", tmp)
	if err := writeFile(filepath.Join(tmp, valueName), e.append(nil)); err != nil {
		return err
	}
	if err := syncDir(tmp); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	sh.at("rename", versionName(e.version))
	return os.Rename(tmp, sh.path(versionName(e.version)))
}

// checkHead returns ErrStale if version is not the highest.
func (sh shelf) checkHead(version uint64) error {
	head, err := sh.head()
	if err == nil && head != version {
		return ErrStale
	}
	return err
}

// clean takes away what the version head has made useless: drafts first, then old versions in rising order, which are the
// second and the third rule of fileStore. What can't be taken away stays, and all behind it, until the next time.
func (sh shelf) clean(head uint64) {
	versions, drafts, err := sh.list()
	if err != nil {
		return
	}
	for _, d := range drafts {
		if d.version <= head && sh.remove(d.name) != nil {
			return
		}
	}
	for _, v := range versions {
		if v >= head || sh.remove(versionName(v)) != nil {
			return
		}
	}
}

func (sh shelf) remove(name string) error {
	sh.at("remove", name)
	return os.RemoveAll(sh.path(name))
}

// writeFile writes a new file and returns when it is on the disk.
func writeFile(name string, b []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, storeFile)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// syncDir returns when the names in a directory are on the disk. Windows and Plan 9 have no such call, and neither have
// some file systems; a name is there when they say so.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" || runtime.GOOS == "plan9" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		err = nil
	}
	return errors.Join(err, d.Close())
}
