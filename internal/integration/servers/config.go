package servers

import (
	"fmt"
	"time"
)

// TLS says which versions a server speaks.
type TLS string

// What a server can be told to speak.
const (
	AnyTLS    TLS = ""     // 1.2 and 1.3, and a login needs one of them
	TLS12     TLS = "1.2"  // 1.2 alone, where tls-unique is defined
	Plaintext TLS = "none" // none at all: logins in clear
)

// Passwords says what a server keeps of a password, which decides the mechanisms it offers.
type Passwords string

// How passwords can be kept.
const (
	Plain  Passwords = "plain"   // as they are: Prosody offers SCRAM-SHA-1 and -256, ejabberd -512 too
	SHA1   Passwords = "SHA-1"   // hashes for SCRAM-SHA-1 alone
	SHA256 Passwords = "SHA-256" // hashes for SCRAM-SHA-256 alone
	SHA512 Passwords = "SHA-512" // hashes for SCRAM-SHA-512 alone; ejabberd only
)

// Config is how a server differs from the usual one. Its zero value is the usual one, and equal values make equal servers.
type Config struct {
	TLS       TLS
	Passwords Passwords     // "" = Plain
	External  bool          // ask clients for certificates and offer SASL EXTERNAL
	Archive   bool          // keep an archive (XEP-0313): slow under floods
	NoOffline bool          // store nothing for who is not there: it's returned to its sender with an error
	Resume    time.Duration // how long a lost session can be resumed (XEP-0198); 0 = 60 s, rounded to seconds
	Register  bool          // strangers may make accounts (XEP-0077), accounts change and remove themselves; Prosody's may invite (XEP-0401)
	Debug     bool          // log all that the server does, stanzas too
}

// HasTLS tells whether the server speaks TLS.
func (c Config) HasTLS() bool { return c.TLS != Plaintext }

// ResumeSeconds is Resume in the unit of the configuration files.
func (c Config) ResumeSeconds() int { return int(c.Resume.Round(time.Second) / time.Second) }

// complete fills in the defaults and says what kind cannot be.
func (c Config) complete(kind Kind) (Config, error) {
	if c.Passwords == "" {
		c.Passwords = Plain
	}
	if c.Resume == 0 {
		c.Resume = time.Minute
	}
	switch {
	case c.External && !c.HasTLS():
		return c, fmt.Errorf("servers: EXTERNAL needs TLS")
	case kind.isProsody() && c.External && c.Passwords != Plain:
		return c, fmt.Errorf("servers: Prosody has EXTERNAL beside plain passwords only")
	case kind.isProsody() && c.Passwords == SHA512:
		return c, fmt.Errorf("servers: Prosody keeps no SHA-512")
	}
	return c, nil
}
