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
	Port                                                            Ports
	Dir                                                             string
	Domain, AnonymousDomain, RoomDomain, PubSubDomain, UploadDomain string
	GatewayDomain, GatewaySecret                                    string
}

// configure returns the configuration files by their path in the server's folder.
func (s *Server) configure() (map[string][]byte, error) {
	p := page{
		Config: s.Config, Port: s.port, Dir: s.dir, Domain: Domain, AnonymousDomain: AnonymousDomain, RoomDomain: RoomDomain,
		PubSubDomain: PubSubDomain, UploadDomain: UploadDomain, GatewayDomain: GatewayDomain, GatewaySecret: GatewaySecret,
	}
	name := s.configFile()
	var b bytes.Buffer
	if err := pages.ExecuteTemplate(&b, name+".tmpl", p); err != nil {
		return nil, err
	}
	config := map[string][]byte{name: b.Bytes()}
	if s.Kind == Prosody {
		const plugin = "mod_auth_canto_external.lua"
		source, err := files.ReadFile("config/" + plugin)
		config["plugins/"+plugin] = source
		return config, err
	}
	return config, nil
}

func (s *Server) configFile() string {
	if s.Kind == Prosody {
		return "prosody.cfg.lua"
	}
	return "ejabberd.yml"
}

// command is how the server is started in the foreground.
func (s *Server) command() (*exec.Cmd, error) {
	config := filepath.Join(s.dir, s.configFile())
	if s.Kind == Prosody {
		return exec.Command("prosody", "-F", "--config", config), nil
	}
	libs, err := ejabberdLibs()
	if err != nil {
		return nil, err
	}
	// A bare Erlang runtime, without ejabberdctl: no node name, so no epmd and no cookie, and any user may run it.
	cmd := exec.Command("erl", "-noinput", "+K", "true", "-mnesia", "dir", strconv.Quote(filepath.Join(s.dir, "mnesia")), "-s", "ejabberd")
	cmd.Dir = s.dir
	cmd.Env = append(os.Environ(),
		"HOME="+s.dir,
		"ERL_LIBS="+libs,
		"ERL_CRASH_DUMP="+filepath.Join(s.dir, "crash.dump"),
		"EJABBERD_CONFIG_PATH="+config,
		"EJABBERD_LOG_PATH="+filepath.Join(s.dir, "server.log"),
	)
	return cmd, nil
}
