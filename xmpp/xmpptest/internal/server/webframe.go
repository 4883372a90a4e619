package server

import (
	"bufio"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
)

// acceptSalt is what RFC 6455 §1.3 adds to the client's key.
const acceptSalt = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

// handshake judges a client's opening handshake (RFC 6455 §4.2.1, RFC 7395 §3.1) and returns the answer.
func handshake(r *http.Request) (string, error) {
	key, err := base64.StdEncoding.DecodeString(r.Header.Get("Sec-WebSocket-Key"))
	switch {
	case r.Method != http.MethodGet || !hasToken(r.Header, "Connection", "upgrade") || !hasToken(r.Header, "Upgrade", "websocket"):
		return "", errors.New("not an upgrade to WebSocket")
	case r.Header.Get("Sec-WebSocket-Version") != "13":
		return "", errors.New("not version 13")
	case err != nil || len(key) != 16:
		return "", errors.New("not a key of 16 bytes")
	case !hasToken(r.Header, "Sec-WebSocket-Protocol", "xmpp"):
		return "", errors.New("not the subprotocol xmpp")
	}
	sum := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") + acceptSalt))
	return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Protocol: xmpp\r\n" +
		"Sec-WebSocket-Accept: " + base64.StdEncoding.EncodeToString(sum[:]) + "\r\n\r\n", nil
}

// hasToken reports whether a header that is a list has the token, in whatever case.
func hasToken(h http.Header, name, token string) bool {
	return slices.ContainsFunc(h.Values(name), func(line string) bool {
		return slices.ContainsFunc(strings.Split(line, ","), func(s string) bool { return strings.EqualFold(strings.TrimSpace(s), token) })
	})
}

// The opcodes of RFC 6455 §5.2.
const (
	opContinuation = 0x0
	opText         = 0x1
	opClose        = 0x8
	opPing         = 0x9
	opPong         = 0xA
)

// A webFrame is a frame of RFC 6455 §5.2.
type webFrame struct {
	last    bool // of a message
	op      byte
	payload []byte
}

// readFrame reads a frame of a client, with a payload of at most limit bytes.
func readFrame(r *bufio.Reader, limit int) (f webFrame, err error) {
	var head [2]byte
	if _, err = io.ReadFull(r, head[:]); err != nil {
		return f, err
	}
	f.last, f.op = head[0]&0x80 != 0, head[0]&0x0f
	if head[0]&0x70 != 0 || head[1]&0x80 == 0 {
		return f, errors.New("a frame with bits of no extension, or one that is not masked (RFC 6455 §5.1)")
	}
	n := uint64(head[1] & 0x7f)
	if extra := map[uint64]int{126: 2, 127: 8}[n]; extra > 0 {
		var long [8]byte
		if _, err = io.ReadFull(r, long[8-extra:]); err != nil {
			return f, err
		}
		n = binary.BigEndian.Uint64(long[:])
	}
	if n > uint64(limit) {
		return f, fmt.Errorf("a frame of %d bytes", n)
	}
	var mask [4]byte
	if _, err = io.ReadFull(r, mask[:]); err != nil {
		return f, err
	}
	f.payload = make([]byte, n)
	_, err = io.ReadFull(r, f.payload)
	for i := range f.payload {
		f.payload[i] ^= mask[i%4]
	}
	return f, err
}

// appendFrame appends a whole message in one frame, unmasked as those of a server are.
func appendFrame(dst []byte, op byte, payload []byte) []byte {
	dst = append(dst, 0x80|op)
	switch n := len(payload); {
	case n < 126:
		dst = append(dst, byte(n))
	case n < 1<<16:
		dst = binary.BigEndian.AppendUint16(append(dst, 126), uint16(n))
	default:
		dst = binary.BigEndian.AppendUint64(append(dst, 127), uint64(n))
	}
	return append(dst, payload...)
}
