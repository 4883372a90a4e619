package main

import (
	"encoding/xml"
	"fmt"
	"os"
	"strings"
)

// listFile is where the list stands in the module.
const listFile = "internal/conformance/doap.xml"

// An extension is what the list says of one XEP.
type extension struct {
	number   string // "0313"
	title    string
	status   string // XEP-0453 §4.2: "complete", "partial", …
	version  string // of the XEP, as it was read
	packages []string
	remark   string // what is left out, or else to be known; may be empty
}

// Terms of XEP-0453 §4.2 and of the vocabularies that it uses.
const (
	doapNS   = "http://usefulinc.com/ns/doap#"
	xeps     = "https://xmpp.org/extensions/xep-"
	complete = "complete"
	partial  = "partial"
)

// A description is what of a DOAP file concerns us.
type description struct {
	XMLName xml.Name `xml:"http://www.w3.org/1999/02/22-rdf-syntax-ns# RDF"`
	Project struct {
		Implements []struct {
			Resource string `xml:"http://www.w3.org/1999/02/22-rdf-syntax-ns# resource,attr"`
			XEP      *struct {
				At struct {
					Resource string `xml:"http://www.w3.org/1999/02/22-rdf-syntax-ns# resource,attr"`
				} `xml:"https://linkmauve.fr/ns/xmpp-doap# xep"`
				Name    string `xml:"https://schema.org/ name"`
				Status  string `xml:"https://linkmauve.fr/ns/xmpp-doap# status"`
				Version string `xml:"https://linkmauve.fr/ns/xmpp-doap# version"`
				Note    string `xml:"https://linkmauve.fr/ns/xmpp-doap# note"`
			} `xml:"https://linkmauve.fr/ns/xmpp-doap# SupportedXep"`
		} `xml:"http://usefulinc.com/ns/doap# implements"`
	} `xml:"http://usefulinc.com/ns/doap# Project"`
}

// read returns the XEPs of a DOAP file, in its order.
func read(name string) ([]extension, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var d description
	if err := xml.Unmarshal(b, &d); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	var list []extension
	for _, i := range d.Project.Implements {
		if i.XEP == nil {
			continue // an RFC
		}
		number, ok := strings.CutSuffix(strings.TrimPrefix(i.XEP.At.Resource, xeps), ".html")
		if !ok || len(number) != 4 {
			return nil, fmt.Errorf("%s: %q is not where a XEP stands", name, i.XEP.At.Resource)
		}
		where, remark, _ := strings.Cut(i.XEP.Note, ": ")
		list = append(list, extension{number, i.XEP.Name, i.XEP.Status, i.XEP.Version, strings.Split(where, ", "), remark})
	}
	return list, nil
}

// table is the list as the README shows it.
func table(list []extension) string {
	var b strings.Builder
	b.WriteString("| XEP | | version | package | |\n|---|---|---|---|---|\n")
	for _, e := range list {
		remark := e.remark
		if e.status != complete {
			remark = strings.TrimSuffix(e.status+": "+remark, ": ")
		}
		fmt.Fprintf(&b, "| [%s](%s%[1]s.html) | %[3]s | %s | `%s` | %s |\n", e.number, xeps, e.title, e.version, strings.Join(e.packages, "`, `"), remark)
	}
	return b.String()
}
