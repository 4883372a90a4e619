package servers

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
)

// CacheVariable is the environment variable that names the folder of the unpacked servers. Without it, that is one of the
// user's cache folder (os.UserCacheDir).
const CacheVariable = "CANTO_SERVERS_CACHE"

// suite is the release of Debian whose packages have the newer servers.
const suite = "trixie"

// manifest is the file in a tree that lists its packages. It's there when the tree is whole.
const manifest = "packages"

// A tree is a folder with the newer servers, and all that they need down to the C library: they run on a system that is older.
type tree string

// openTree returns the tree that Fetch has made.
func openTree() (tree, error) {
	dir, err := treeDir()
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(filepath.Join(dir, manifest)); err != nil {
		return "", fmt.Errorf("not unpacked yet, which `go run ./internal/integration/servers/fetch` does: %w", err)
	}
	return tree(dir), nil
}

// treeDir is where the tree stands, or will.
func treeDir() (string, error) {
	cache := os.Getenv(CacheVariable)
	if cache == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return "", err
		}
		cache = filepath.Join(user, "canto-servers")
	}
	cache, err := filepath.Abs(cache)
	return filepath.Join(cache, suite+"-"+runtime.GOARCH), err
}

// path is one in the tree.
func (t tree) path(parts ...string) string {
	return filepath.Join(append([]string{string(t)}, parts...)...)
}

// one finds the one file that a pattern means, which has folders in it that are named after an architecture or a version.
func (t tree) one(pattern string) (string, error) {
	found, err := filepath.Glob(t.path(pattern))
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("servers: there is no %s in %s: remove that folder and fetch it again", pattern, t)
	}
	if err != nil {
		return "", err
	}
	return found[0], nil
}

// program returns the command line of a program of the tree, which is linked against libraries that the system has not got:
// the loader of the tree starts it, and finds them.
func (t tree) program(path string) ([]string, error) {
	loader, err := t.one("usr/lib/*/ld-linux*.so.*")
	if err != nil {
		return nil, err
	}
	return []string{loader, "--library-path", filepath.Dir(loader), path}, nil
}

// prosody is the command of Prosody with the configuration file config, whose folder gets a copy of the main program that
// looks for its parts in the tree.
func (t tree) prosody(config string) (*exec.Cmd, error) {
	source, err := os.ReadFile(t.path("usr/bin/prosody"))
	if err != nil {
		return nil, err
	}
	dir := filepath.Dir(config)
	moved := strings.NewReplacer("'/usr/lib/prosody", "'"+t.path("usr/lib/prosody"), "'/etc/prosody'", strconv.Quote(dir),
		"'/var/lib/prosody'", strconv.Quote(filepath.Join(dir, "data"))).Replace(string(source))
	main := filepath.Join(dir, "prosody")
	if err := os.WriteFile(main, []byte(moved), 0o600); err != nil {
		return nil, err
	}
	line, err := t.program(t.path("usr/bin/lua5.4"))
	if err != nil {
		return nil, err
	}
	modules, err := t.one("usr/lib/*/lua/5.4")
	if err != nil {
		return nil, err
	}
	line = append(line, main, "-F", "--config", config)
	cmd := exec.Command(line[0], line[1:]...)
	cmd.Env = append(os.Environ(),
		"LUA_PATH="+t.path("usr/share/lua/5.4/?.lua")+";"+t.path("usr/share/lua/5.4/?/init.lua"),
		"LUA_CPATH="+filepath.Join(modules, "?.so"))
	return cmd, nil
}

// erlang is the command line of the tree's Erlang runtime, and its environment. bin is a folder for what stands in for the
// programs that the runtime itself starts, by their names.
func (t tree) erlang(bin string) (line, env []string, err error) {
	beam, err := t.one("usr/lib/erlang/erts-*/bin/beam.smp")
	if err != nil {
		return nil, nil, err
	}
	if err := os.MkdirAll(bin, 0o700); err != nil {
		return nil, nil, err
	}
	for _, name := range []string{"erl_child_setup", "inet_gethost"} {
		helper, err := t.program(filepath.Join(filepath.Dir(beam), name))
		if err != nil {
			return nil, nil, err
		}
		script := "#!/bin/sh\nexec '" + strings.Join(helper, "' '") + "' \"$@\"\n"
		if err := os.WriteFile(filepath.Join(bin, name), []byte(script), 0o700); err != nil {
			return nil, nil, err
		}
	}
	root := t.path("usr/lib/erlang")
	if line, err = t.program(beam); err != nil {
		return nil, nil, err
	}
	line = append(line, "--", "-root", root, "-bindir", bin, "-progname", "erl", "--", "-home", filepath.Dir(bin), "--")
	return line, []string{"ROOTDIR=" + root, "BINDIR=" + bin, "EMU=beam", "PROGNAME=erl", "PATH=" + bin + ":" + os.Getenv("PATH")}, nil
}
