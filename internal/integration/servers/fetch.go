package servers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// packages are what the tree is made of, with all that they depend on.
var packages = []string{"prosody", "prosody-modules", "ejabberd"}

// keyring has the keys of Debian's archive, of later releases than the system's own, too.
const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"

// Fetch unpacks the newer servers into the cache folder (see CacheVariable), unless they are there, and returns where. They come
// from the mirror that the system itself gets its packages from, verified as its own are. It needs Debian, no rights, and some
// 400 MB; the system is left as it is. What apt says goes to log.
func Fetch(ctx context.Context, log io.Writer) (dir string, err error) {
	if t, err := openTree(); err == nil {
		return string(t), nil
	}
	if dir, err = treeDir(); err != nil {
		return "", err
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return "", err
	}
	work, err := os.MkdirTemp(filepath.Dir(dir), "fetch-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(work)
	whole := filepath.Join(work, "tree")
	if err := fetch(ctx, work, whole, log); err != nil {
		return "", fmt.Errorf("servers: the newer servers can't be fetched: %w", err)
	}
	if err := os.Rename(whole, dir); err != nil && !errors.Is(err, os.ErrExist) { // another process was quicker
		return "", err
	}
	return dir, nil
}

// fetch makes the tree in the folder whole, and works in another.
func fetch(ctx context.Context, work, whole string, log io.Writer) error {
	mirror, err := mirror(ctx)
	if err != nil {
		return err
	}
	options, err := private(work, mirror)
	if err != nil {
		return err
	}
	apt := func(args ...string) error {
		cmd := exec.CommandContext(ctx, "apt-get", append(slices.Clone(options), args...)...)
		cmd.Stdout, cmd.Stderr = log, log
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("%s: %w", strings.Join(cmd.Args, " "), err)
		}
		return nil
	}
	if err := apt("update"); err != nil {
		return err
	}
	if err := apt(append([]string{"-y", "--download-only", "install"}, packages...)...); err != nil {
		return err
	}
	archives, err := filepath.Glob(filepath.Join(work, "cache", "archives", "*.deb"))
	if err != nil {
		return err
	}
	return unpack(ctx, archives, whole)
}

// mirror is where the system gets the release from that it is: what apt knows of that comes from the system's own configuration.
func mirror(ctx context.Context) (string, error) {
	release, err := codename()
	if err != nil {
		return "", err
	}
	out, err := exec.CommandContext(ctx, "apt-get", "indextargets", "--format", "$(RELEASE) $(COMPONENT) $(REPO_URI)", "Identifier: Packages").Output()
	if err != nil {
		return "", fmt.Errorf("apt-get indextargets: %w", err)
	}
	for line := range strings.Lines(string(out)) {
		if f := strings.Fields(line); len(f) == 3 && f[0] == release && f[1] == "main" {
			return f[2], nil
		}
	}
	return "", fmt.Errorf("apt gets %q from nowhere, by %q", release, out)
}

// codename is the name of the system's release: os-release(5).
func codename() (string, error) {
	text, err := os.ReadFile("/etc/os-release")
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(text)) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "VERSION_CODENAME="); ok {
			return strings.Trim(name, `"`), nil
		}
	}
	return "", fmt.Errorf("/etc/os-release names no release: %q", text)
}

// private returns the options that have apt work in the folder work as if nothing was installed, with the suite alone. The rest
// of the system's configuration stands: proxies, for one.
func private(work, mirror string) (options []string, err error) {
	for _, dir := range []string{"empty", "state/lists/partial", "cache/archives/partial"} {
		if err := os.MkdirAll(filepath.Join(work, dir), 0o755); err != nil {
			return nil, err
		}
	}
	source := fmt.Sprintf("deb [signed-by=%s] %s %s main\n", keyring, mirror, suite)
	for name, content := range map[string]string{"sources.list": source, "status": ""} {
		if err := os.WriteFile(filepath.Join(work, name), []byte(content), 0o644); err != nil {
			return nil, err
		}
	}
	in := func(name string) string { return filepath.Join(work, name) }
	for _, o := range []string{
		"Dir::Etc::SourceList=" + in("sources.list"), "Dir::Etc::SourceParts=" + in("empty"),
		"Dir::Etc::Preferences=/dev/null", "Dir::Etc::PreferencesParts=" + in("empty"),
		"Dir::State=" + in("state"), "Dir::State::status=" + in("status"), "Dir::State::extended_states=" + in("extended"),
		"Dir::Cache=" + in("cache"), "Dir::Cache::archives=" + in("cache/archives"),
		"APT::Sandbox::User=", "APT::Default-Release=", "APT::Install-Recommends=false", "Acquire::Languages=none", "Debug::NoLocking=1", "quiet=1",
	} {
		options = append(options, "-o", o)
	}
	return options, nil
}

// unpack makes a tree of packages. Its manifest comes last.
func unpack(ctx context.Context, archives []string, whole string) error {
	var list bytes.Buffer
	for _, name := range archives {
		if out, err := exec.CommandContext(ctx, "dpkg-deb", "--extract", name, whole).CombinedOutput(); err != nil {
			return fmt.Errorf("dpkg-deb --extract %s: %w: %q", name, err, out)
		}
		fmt.Fprintln(&list, strings.TrimSuffix(filepath.Base(name), ".deb"))
	}
	return os.WriteFile(filepath.Join(whole, manifest), list.Bytes(), 0o644)
}
