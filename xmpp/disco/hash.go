package disco

import (
	"cmp"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"hash"
	"slices"
	"strings"

	"github.com/canto-im/canto/xmpp/form"
)

// The hash of XEP-0115 §5. It loses where one part ends and what kind the next one is, so what has a hash that fits may still be
// made up: what could be read as something else is not believed (SECURITY S18).

// errForged says that the information of an entity is written so that a hash of it proves nothing.
var errForged = errors.New("disco: what the entity says of itself is ill-formed, or could be something else with the same hash")

// An algorithm is a hash function by its name.
type algorithm = func() hash.Hash

// algorithms115 are those of XEP-0115, by the names of IANA's registry. §9.1: SHA-1 is to be supported.
var algorithms115 = map[string]algorithm{
	"sha-1": sha1.New, "sha-224": sha256.New224, "sha-256": sha256.New, "sha-384": sha512.New384, "sha-512": sha512.New,
}

// algorithms390 are those of XEP-0390, by the names of XEP-0300, which has given SHA-1 up.
var algorithms390 = map[string]algorithm{
	"sha-256": sha256.New, "sha-512": sha512.New,
	"sha3-256": func() hash.Hash { return sha3.New256() }, "sha3-512": func() hash.Hash { return sha3.New512() },
}

// sum returns the hash of s in base64.
func sum(h algorithm, s string) string {
	d := h()
	d.Write([]byte(s))
	return base64.StdEncoding.EncodeToString(d.Sum(nil))
}

// hashed115 is the verification string S of XEP-0115 §5.1, or errForged for what is ill-formed (§5.4).
func (i *Info) hashed115() (string, error) {
	forms, err := i.standardForms()
	if err != nil {
		return "", err
	}
	if len(i.Identities) == 0 || i.repeats() {
		return "", errForged
	}
	var parts []string
	for _, id := range sortedIdentities(i.Identities) {
		// A feature that is a URL reads as an identity without a type, and one with slashes inside of its parts as any.
		if id.Category == "" || id.Type == "" || strings.Contains(id.Category+id.Type+id.Lang, "/") {
			return "", errForged
		}
		parts = append(parts, id.Category+"/"+id.Type+"/"+id.Lang+"/"+id.Name)
	}
	features := slices.Sorted(slices.Values(i.Features))
	parts = append(parts, features...)
	inForms := len(parts)
	for _, f := range forms {
		parts = append(parts, flat(f)...)
	}
	if readsAsFeatures(features, forms) || slices.ContainsFunc(parts, func(p string) bool { return strings.Contains(p, "<") }) ||
		slices.Contains(parts[:inForms], "") {
		return "", errForged
	}
	return strings.Join(append(parts, ""), "<"), nil
}

func sortedIdentities(list []Identity) []Identity {
	return slices.SortedFunc(slices.Values(list), func(a, b Identity) int {
		return cmp.Or(cmp.Compare(a.Category, b.Category), cmp.Compare(a.Type, b.Type), cmp.Compare(a.Lang, b.Lang), cmp.Compare(a.Name, b.Name))
	})
}

// repeats reports whether something is there twice (XEP-0115 §5.4, steps 3 and 4). XEP-0030 §3.1: names alone make no two identities.
func (i *Info) repeats() bool {
	identities, features := map[Identity]bool{}, map[string]bool{}
	for _, id := range i.Identities {
		id.Name = ""
		if identities[id] {
			return true
		}
		identities[id] = true
	}
	for _, f := range i.Features {
		if features[f] {
			return true
		}
		features[f] = true
	}
	return false
}

// standardForms returns the forms that count, in order (XEP-0115 §5.4, steps 5 and 6; §5.1, step 6).
func (i *Info) standardForms() ([]*form.Form, error) {
	var list []*form.Form
	seen := map[string]bool{}
	for _, f := range i.Forms {
		t := f.Field(form.TypeVar)
		if t == nil || t.Type != form.Hidden || len(t.Values) == 0 {
			continue // XEP-0115 §5.4: to be ignored
		}
		if slices.ContainsFunc(t.Values, func(v string) bool { return v != t.Values[0] }) || seen[t.Values[0]] {
			return nil, errForged
		}
		seen[t.Values[0]] = true
		list = append(list, f)
	}
	slices.SortFunc(list, func(a, b *form.Form) int {
		return cmp.Compare(a.Field(form.TypeVar).Values[0], b.Field(form.TypeVar).Values[0])
	})
	return list, nil
}

// flat is a form as it stands in the verification string (XEP-0115 §5.1, step 7).
func flat(f *form.Form) []string {
	parts := []string{f.Field(form.TypeVar).Values[0]}
	for _, field := range slices.SortedStableFunc(slices.Values(f.Fields), func(a, b form.Field) int { return cmp.Compare(a.Var, b.Var) }) {
		if field.Var != form.TypeVar {
			parts = append(append(parts, field.Var), slices.Sorted(slices.Values(field.Values))...)
		}
	}
	return parts
}

// readsAsFeatures reports whether the first form could be more features of somebody else, which a forger wants to hide: it goes
// on with their order.
func readsAsFeatures(features []string, forms []*form.Form) bool {
	if len(forms) == 0 {
		return false
	}
	parts := flat(forms[0])
	if len(features) > 0 {
		parts = append([]string{features[len(features)-1]}, parts...)
	}
	return slices.IsSorted(parts)
}

// hashed390 is the hash function input of XEP-0390 §4.1, with lang for identities that have no language of their own. It's an
// error where that algorithm says so.
func (i *Info) hashed390(lang string) (string, error) {
	if len(i.Other) > 0 {
		return "", errForged
	}
	var features, identities, forms []string
	for _, f := range i.Features {
		features = append(features, f+"\x1f")
	}
	for _, id := range i.Identities {
		identities = append(identities, id.Category+"\x1f"+id.Type+"\x1f"+cmp.Or(id.Lang, lang)+"\x1f"+id.Name+"\x1f\x1e")
	}
	for _, f := range i.Forms {
		t := f.Field(form.TypeVar)
		if t == nil || t.Type != form.Hidden || len(t.Values) == 0 || f.Reported != nil || len(f.Items) > 0 {
			return "", errForged
		}
		var fields []string
		for _, field := range f.Fields {
			var values []string
			for _, v := range field.Values {
				values = append(values, v+"\x1f")
			}
			fields = append(fields, field.Var+"\x1f"+joined(values)+"\x1e")
		}
		forms = append(forms, joined(fields)+"\x1d")
	}
	return joined(features) + "\x1c" + joined(identities) + "\x1c" + joined(forms) + "\x1c", nil
}

// joined returns the strings in their order, as one.
func joined(list []string) string {
	slices.Sort(list)
	return strings.Join(list, "")
}
