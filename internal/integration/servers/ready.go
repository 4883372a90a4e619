package servers

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// await returns once every port answers, and answers as this server would.
func (s *Server) await(limit time.Duration) error {
	deadline := time.Now().Add(limit)
	for {
		err := s.probe()
		if err == nil {
			return nil
		}
		if !s.proc.running() {
			return fmt.Errorf("servers: %s ended while it started: %v", s.Kind, s.proc.cmd.ProcessState)
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("servers: %s does not answer %v after its start: %w", s.Kind, limit, err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func (s *Server) probe() error {
	if err := s.probeStream(); err != nil {
		return err
	}
	for _, addr := range []string{s.AddrHTTP, s.AddrComponent} {
		c, err := net.DialTimeout("tcp", addr, time.Second)
		if err != nil {
			return err
		}
		c.Close()
	}
	for _, addr := range []string{s.AddrTLS, s.AddrHTTPS} {
		if addr == "" {
			continue
		}
		d := &net.Dialer{Timeout: time.Second}
		c, err := tls.DialWithDialer(d, "tcp", addr, &tls.Config{RootCAs: s.CA, ServerName: Domain})
		if err != nil {
			return err
		}
		c.Close()
	}
	return nil
}

// probeStream opens a stream and waits for the features.
func (s *Server) probeStream() error {
	c, err := net.DialTimeout("tcp", s.Addr, time.Second)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(2 * time.Second)); err != nil {
		return err
	}
	const header = "<?xml version='1.0'?><stream:stream to='" + Domain + "' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"
	if _, err := io.WriteString(c, header); err != nil {
		return err
	}
	var answer []byte
	for buf := make([]byte, 4096); !bytes.Contains(answer, []byte("</stream:features>")); {
		n, err := c.Read(buf)
		answer = append(answer, buf[:n]...)
		if err != nil {
			return errors.Join(err, fmt.Errorf("servers: a stream got as far as %q", answer))
		}
	}
	_, err = io.WriteString(c, "</stream:stream>")
	return err
}
