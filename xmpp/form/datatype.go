package form

import (
	"math"
	"math/big"
	"net/url"
	"regexp"
	"regexp/syntax"
	"strconv"
	"strings"
	"time"
)

// Both the pattern and the value may be a stranger's: so much of either is looked at, and a pattern or a value beyond it is
// let pass, as one that isn't understood.
const (
	maxPattern = 1 << 10 // bytes
	maxProgram = 1 << 12 // instructions that a pattern compiles to
	maxMatched = 1 << 12 // bytes of a value
	maxNumber  = 1 << 10 // bytes of a number
)

// check holds a value to the rules.
func (r *Rules) check(v string) error {
	if r == nil {
		return nil
	}
	order, good := parse(r.Datatype, v)
	switch {
	case !good:
		return ErrType
	case !r.inRange(order):
		return ErrRange
	case r.Regex != "" && !matches(r.Regex, v):
		return ErrPattern
	}
	return nil
}

// inRange compares; what can't be compared is in every range. XEP-0122 §4.7: xs:string can't.
func (r *Rules) inRange(order *big.Rat) bool {
	if r.Range == nil || order == nil {
		return true
	}
	if low, ok := parse(r.Datatype, r.Range.Min); ok && low != nil && order.Cmp(low) < 0 {
		return false
	}
	high, ok := parse(r.Datatype, r.Range.Max)
	return !ok || high == nil || order.Cmp(high) <= 0
}

// matches reports whether a pattern matches the whole of v, or can't be asked. XEP-0122 §4.1: what is not understood is
// treated as <basic/>.
func matches(pattern, v string) bool {
	if len(pattern) > maxPattern || len(v) > maxMatched {
		return true
	}
	pattern = "^(" + pattern + ")$"
	parsed, err := syntax.Parse(pattern, syntax.Perl) // of which POSIX has a part, and some who write forms don't know which
	if err != nil {
		return true
	}
	if program, err := syntax.Compile(parsed.Simplify()); err != nil || len(program.Inst) > maxProgram {
		return true
	}
	re, err := regexp.Compile(pattern)
	return err != nil || re.MatchString(v)
}

// whole are the datatypes of whole numbers, with their bounds (XML Schema part 2 §3.4); nil is none.
var whole = map[string][2]*big.Int{
	"xs:integer":            {},
	"xs:long":               {big.NewInt(math.MinInt64), big.NewInt(math.MaxInt64)},
	"xs:int":                {big.NewInt(math.MinInt32), big.NewInt(math.MaxInt32)},
	"xs:short":              {big.NewInt(math.MinInt16), big.NewInt(math.MaxInt16)},
	"xs:byte":               {big.NewInt(math.MinInt8), big.NewInt(math.MaxInt8)},
	"xs:unsignedLong":       {new(big.Int), new(big.Int).SetUint64(math.MaxUint64)},
	"xs:unsignedInt":        {new(big.Int), big.NewInt(math.MaxUint32)},
	"xs:unsignedShort":      {new(big.Int), big.NewInt(math.MaxUint16)},
	"xs:unsignedByte":       {new(big.Int), big.NewInt(math.MaxUint8)},
	"xs:nonNegativeInteger": {new(big.Int), nil},
	"xs:positiveInteger":    {big.NewInt(1), nil},
	"xs:nonPositiveInteger": {nil, new(big.Int)},
	"xs:negativeInteger":    {nil, big.NewInt(-1)},
}

// moments are the datatypes of time, with the forms that they have; without a zone a moment is compared as one of UTC.
var moments = map[string][]string{
	"xs:dateTime": {"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05"},
	"xs:date":     {"2006-01-02Z07:00", "2006-01-02"},
	"xs:time":     {"15:04:05Z07:00", "15:04:05"},
}

var (
	decimal  = regexp.MustCompile(`^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)$`)
	double   = regexp.MustCompile(`^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?$`)
	language = regexp.MustCompile(`^[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8})*$`)
)

// parse reads a value of a datatype and returns what it's compared by, nil for one without an order. A datatype that isn't
// known is xs:string (XEP-0122 §4.1).
func parse(datatype, v string) (order *big.Rat, good bool) {
	if bounds, ok := whole[datatype]; ok {
		return parseWhole(v, bounds)
	}
	if forms, ok := moments[datatype]; ok {
		return parseMoment(v, forms)
	}
	switch datatype {
	case "xs:decimal":
		return parseDecimal(v)
	case "xs:double", "xs:float":
		return parseDouble(v)
	case "xs:boolean":
		_, err := truth(v)
		return nil, err == nil
	case "xs:anyURI":
		_, err := url.Parse(strings.TrimSpace(v))
		return nil, err == nil
	case "xs:language":
		return nil, language.MatchString(strings.TrimSpace(v))
	}
	return nil, true
}

func parseWhole(v string, bounds [2]*big.Int) (*big.Rat, bool) {
	order, good := parseDecimal(v)
	if !good || strings.Contains(v, ".") {
		return nil, false
	}
	n := order.Num()
	return order, (bounds[0] == nil || n.Cmp(bounds[0]) >= 0) && (bounds[1] == nil || n.Cmp(bounds[1]) <= 0)
}

func parseDecimal(v string) (*big.Rat, bool) {
	if v = strings.TrimSpace(v); len(v) > maxNumber || !decimal.MatchString(v) {
		return nil, false
	}
	return new(big.Rat).SetString(v)
}

func parseDouble(v string) (*big.Rat, bool) {
	switch v = strings.TrimSpace(v); v {
	case "INF", "-INF", "NaN":
		return nil, true
	}
	if len(v) > maxNumber || !double.MatchString(v) {
		return nil, false
	}
	f, err := strconv.ParseFloat(v, 64)
	if err != nil && math.IsInf(f, 0) { // XML Schema part 2 §3.3.5: one that is too large is infinite
		return nil, true
	}
	return new(big.Rat).SetFloat64(f), err == nil
}

func parseMoment(v string, forms []string) (*big.Rat, bool) {
	for _, layout := range forms {
		if t, err := time.Parse(layout, strings.TrimSpace(v)); err == nil {
			seconds := new(big.Int).Mul(big.NewInt(t.Unix()), big.NewInt(1e9))
			return new(big.Rat).SetInt(seconds.Add(seconds, big.NewInt(int64(t.Nanosecond())))), true
		}
	}
	return nil, false
}
