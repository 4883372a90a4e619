package servers

import (
	"bytes"
	"embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"text/template"
)

//go:embed config
var files embed.FS

var pages = template.Must(template.New("").Funcs(template.FuncMap{
	"quote": quote,
	"scramHash": func(p Passwords) string {
		return strings.ToLower(strings.ReplaceAll(strings.Replace(string(p), "SHA-1", "SHA", 1), "-", ""))
	},
}).ParseFS(files, "config/*.tmpl"))

// quote joins a path and puts it, or a plain word, into quotes that Lua and YAML read alike.
func quote(parts ...any) string {
	words := make([]string, len(parts))
	for i, p := range parts {
		words[i] = fmt.Sprint(p)
	}
	return strconv.Quote(filepath.Join(words...))
}

// A page is what the configuration templates see.
type page struct {
	Config                                                          Config
	Newer                                                           bool
	Port                                                            Ports
	Dir                                                             string
	Domain, AnonymousDomain, RoomDomain, PubSubDomain, UploadDomain string
	GatewayDomain, GatewaySecret                                    string
}

// configure returns the configuration files by their path in the server's folder.
func (s *Server) configure() (map[string][]byte, error) {
	p := page{
		Config: s.Config, Newer: s.Kind.IsNewer(), Port: s.port, Dir: s.dir, Domain: Domain, AnonymousDomain: AnonymousDomain, RoomDomain: RoomDomain,
		PubSubDomain: PubSubDomain, UploadDomain: UploadDomain, GatewayDomain: GatewayDomain, GatewaySecret: GatewaySecret,
	}
	name := s.configFile()
	var b bytes.Buffer
	if err := pages.ExecuteTemplate(&b, name+".tmpl", p); err != nil {
		return nil, err
	}
	config := map[string][]byte{name: b.Bytes()}
	if s.Kind.isProsody() {
		for _, plugin := range []string{"mod_auth_canto_external.lua", "mod_canto_token.lua"} {
			source, err := files.ReadFile("config/" + plugin)
			if err != nil {
				return nil, err
			}
			config["plugins/"+plugin] = source
		}
	}
	return config, nil
}

func (s *Server) configFile() string {
	if s.Kind.isProsody() {
		return "prosody.cfg.lua"
	}
	return "ejabberd.yml"
}

// command is how the server is started in the foreground.
func (s *Server) command() (cmd *exec.Cmd, err error) {
	config := filepath.Join(s.dir, s.configFile())
	var t tree
	if s.Kind.IsNewer() {
		if t, err = openTree(); err != nil {
			return nil, err
		}
	}
	switch {
	case s.Kind == Prosody13:
		return t.prosody(config)
	case s.Kind == Prosody:
		return exec.Command("prosody", "-F", "--config", config), nil
	}
	// A bare Erlang runtime, without ejabberdctl: no node name, so no epmd and no cookie, and any user may run it.
	line, env, root := []string{"erl"}, []string(nil), "/"
	if s.Kind == Ejabberd24 {
		root = string(t)
		if line, env, err = t.erlang(filepath.Join(s.dir, "bin")); err != nil {
			return nil, err
		}
	}
	libs, err := ejabberdLibs(root)
	if err != nil {
		return nil, err
	}
	line = append(line, "-noshell", "-noinput", "-mnesia", "dir", strconv.Quote(filepath.Join(s.dir, "mnesia")), "-s", "ejabberd")
	cmd = exec.Command(line[0], line[1:]...)
	cmd.Dir = s.dir
	cmd.Env = append(append(os.Environ(), env...),
		"HOME="+s.dir,
		"ERL_LIBS="+libs,
		"ERL_CRASH_DUMP="+filepath.Join(s.dir, "crash.dump"),
		"EJABBERD_CONFIG_PATH="+config,
		"EJABBERD_LOG_PATH="+filepath.Join(s.dir, "server.log"),
	)
	return cmd, nil
}
