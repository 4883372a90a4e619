package server

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"net"
)

// The forms of name that XMPP adds to a certificate, each an otherName of the subject's alternative names.
var (
	oidSubjectAltName = asn1.ObjectIdentifier{2, 5, 29, 17}
	oidSRVName        = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 8, 7} // RFC 4985 §2: an IA5String
	oidXMPPAddr       = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 8, 5} // RFC 6120 §13.7.1.4: a UTF8String
)

// Tags of a GeneralName (RFC 5280 §4.2.1.6).
const (
	tagOtherName = 0
	tagDNS       = 2
	tagIP        = 7
)

// altNames are the alternative names of one certificate; crypto/x509 knows no otherName, so the extension is made here.
type altNames struct {
	common string
	dns    []string
	ips    []net.IP
	srv    []string
	xmpp   []string
}

type otherName struct {
	Type  asn1.ObjectIdentifier
	Value asn1.RawValue // the [0] EXPLICIT around the value; encoding/asn1 applies no explicit tag to a RawValue
}

func (n altNames) extension() (pkix.Extension, error) {
	var all []asn1.RawValue
	add := func(tag int, b []byte) {
		all = append(all, asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: tag, Bytes: b})
	}
	for _, d := range n.dns {
		add(tagDNS, []byte(d))
	}
	for _, ip := range n.ips {
		add(tagIP, ip)
	}
	others := func(oid asn1.ObjectIdentifier, tag int, values []string) error {
		for _, v := range values {
			raw, err := marshalOtherName(oid, tag, v)
			if err != nil {
				return err
			}
			all = append(all, raw)
		}
		return nil
	}
	if err := others(oidSRVName, asn1.TagIA5String, n.srv); err != nil {
		return pkix.Extension{}, err
	}
	if err := others(oidXMPPAddr, asn1.TagUTF8String, n.xmpp); err != nil {
		return pkix.Extension{}, err
	}
	der, err := asn1.Marshal(all)
	return pkix.Extension{Id: oidSubjectAltName, Value: der}, err
}

func marshalOtherName(oid asn1.ObjectIdentifier, tag int, value string) (asn1.RawValue, error) {
	inner, err := asn1.Marshal(asn1.RawValue{Class: asn1.ClassUniversal, Tag: tag, Bytes: []byte(value)})
	if err != nil {
		return asn1.RawValue{}, err
	}
	der, err := asn1.MarshalWithParams(otherName{
		Type:  oid,
		Value: asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: inner},
	}, "tag:0")
	return asn1.RawValue{FullBytes: der}, err
}

// xmppAddrs returns the xmppAddr names of a certificate: who a client with it says that it is (XEP-0178 §2).
func xmppAddrs(cert *x509.Certificate) []string {
	var found []string
	for _, ext := range cert.Extensions {
		if !ext.Id.Equal(oidSubjectAltName) {
			continue
		}
		var all []asn1.RawValue
		if _, err := asn1.Unmarshal(ext.Value, &all); err != nil {
			return nil
		}
		for _, name := range all {
			if addr, ok := xmppAddr(name); ok {
				found = append(found, addr)
			}
		}
	}
	return found
}

func xmppAddr(name asn1.RawValue) (string, bool) {
	if name.Class != asn1.ClassContextSpecific || name.Tag != tagOtherName {
		return "", false
	}
	var other otherName
	if _, err := asn1.UnmarshalWithParams(name.FullBytes, &other, "tag:0"); err != nil || !other.Type.Equal(oidXMPPAddr) {
		return "", false
	}
	var value asn1.RawValue
	if _, err := asn1.Unmarshal(other.Value.Bytes, &value); err != nil {
		return "", false
	}
	return string(value.Bytes), true
}
