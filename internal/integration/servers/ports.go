package servers

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

// Ports are where a server listens on 127.0.0.1. Without TLS nothing listens on DirectTLS and HTTPS.
type Ports struct{ C2S, DirectTLS, HTTP, HTTPS, Component int }

// The range lies below the ports that the kernel gives to outgoing connections, so that none of those takes a port between
// its choice here and the server's bind.
const portLow, portHigh = 20000, 32000

func choosePorts() (p Ports, err error) {
	var held []net.Listener
	defer func() {
		for _, l := range held {
			l.Close()
		}
	}()
	for _, port := range []*int{&p.C2S, &p.DirectTLS, &p.HTTP, &p.HTTPS, &p.Component} {
		l, err := listen()
		if err != nil {
			return p, err
		}
		held = append(held, l)
		*port = l.Addr().(*net.TCPAddr).Port
	}
	return p, nil
}

func listen() (l net.Listener, err error) {
	for range 100 {
		if l, err = net.Listen("tcp", loopback(portLow+rand.IntN(portHigh-portLow))); err == nil {
			return l, nil
		}
	}
	return nil, fmt.Errorf("servers: no free port: %w", err)
}

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
