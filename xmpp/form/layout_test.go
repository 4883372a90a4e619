package form

import (
	"strings"
	"testing"

	"github.com/canto-im/canto/stanza"
	"github.com/stretchr/testify/require"
)

// outline is a page as a person would see it: sections in brackets, texts in quotes up to the first word.
func outline(p Page) string {
	var parts []string
	for _, part := range p.Parts {
		switch {
		case part.Section != nil:
			parts = append(parts, "["+outline(*part.Section)+"]")
		case part.Table:
			parts = append(parts, "table")
		case part.Field != "":
			parts = append(parts, part.Field)
		default:
			parts = append(parts, "'"+strings.Fields(part.Text)[0]+"'")
		}
	}
	return p.Label + ": " + strings.Join(parts, " ")
}

func outlines(f *Form) (list []string) {
	for _, p := range f.Layout() {
		list = append(list, outline(p))
	}
	return list
}

func TestLayout(t *testing.T) {
	require.Equal(t, []string{
		"XSF Application: 'Please' name.first name.last email jid background future reasoning activity.mailing-lists activity.xeps",
	}, outlines(find(t, "0141 Example 1")), "no pages: one")
	require.Equal(t, []string{
		"Personal Information: 'This' 'Note:' name.first name.last email jid background",
		"Community Activity: 'This' 'We' 'You' activity.mailing-lists activity.xeps",
		"Plans and Reasonings: 'This' 'You're' 'This' future reasoning",
	}, outlines(find(t, "0141 Example 2")))
	require.Equal(t, []string{
		": [Personal Information: 'Note:' name.first name.last email jid background] " +
			"[Community Activity: 'We' 'You' activity.mailing-lists activity.xeps] [Plans and Reasoning: 'You're' 'This' future reasoning]",
	}, outlines(find(t, "0141 Example 3")))
	require.Equal(t, []string{"Joogle Search: verona: table"}, outlines(find(t, "0004 Example 8")))
	bot := outlines(find(t, "0004 Example 2"))[0]
	require.Contains(t, bot, "'Section' botname", "headings, where there are no pages")
	require.NotContains(t, bot, TypeVar, "hidden")
}

// XEP-0141 §4.2, §8.3: what is named twice, or does not exist, is not shown, and what is named nowhere is.
func TestLayoutOfAnOddForm(t *testing.T) {
	e, err := stanza.ParseElement(`<x xmlns='jabber:x:data' type='form'>
		<page xmlns='` + layoutSpace + `' label='One'><fieldref var='a'/><fieldref var='a'/><fieldref var='none'/><fieldref var='h'/><fieldref/>
			<reportedref/><text/><other/><section label='Empty'><fieldref var='none'/></section></page>
		<page xmlns='` + layoutSpace + `' label='Nothing'><fieldref var='a'/></page>
		<field var='a'/><field var='b'/><field var='h' type='hidden'/></x>`)
	require.NoError(t, err)
	var f Form
	require.NoError(t, e.Decode(&f))
	require.Equal(t, []string{"One: a", ": b"}, outlines(&f))
	require.Len(t, f.Pages[0].Parts, 9, "the form itself stays as it is")
	require.NotNil(t, f.Pages[0].Parts[8].Section.Parts)
}

// XEP-0141 §3.3: not more than once.
func TestOneTable(t *testing.T) {
	f := find(t, "0004 Example 8")
	f.Pages = []Page{{Parts: []Part{{Table: true}, {Text: "again"}, {Table: true}}}}
	require.Equal(t, []string{": table 'again'"}, outlines(f))
}

func TestLayoutIsBounded(t *testing.T) {
	p := Page{Parts: []Part{{Field: "a"}}}
	for range 10 * maxSections {
		p = Page{Parts: []Part{{Section: &p}}}
	}
	f := New(Asking, "", Field{Var: "a"})
	f.Pages = []Page{p}
	require.Equal(t, []string{": a"}, outlines(f), "too deep to be shown there")
}
