package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/canto-im/canto/internal/specexample"
	"github.com/stretchr/testify/require"
)

const xep = "# XEP-0999: Nothing\n\nStatus: Draft | Version: 1.2.3 | Date: today\n\nExample 1. A <nothing/> & \"more\"\n```\n<message>\n" +
	"  <a/>\n  ...\n  .\n  [8 more items]\n  .\n  <!-- a\n remark -->\n\n\n  <b>...and text</b>\n</message>\n```\n\nExample 2. Not well-formed\n```\n<iq>\n```\n\n" +
	"A schema\n```\n<x/>\n```\nExample 3. Two\n```\n<a/>\n<b/>\n```\n"

func TestRun(t *testing.T) {
	file := filepath.Join(t.TempDir(), "xep.md")
	require.NoError(t, os.WriteFile(file, []byte(xep), 0o600))
	var out, problems bytes.Buffer
	require.NoError(t, run([]string{file}, &out, &problems))
	require.Contains(t, out.String(), `<examples xep="0999" version="1.2.3">`)
	require.Contains(t, out.String(), "<message>\n  <a/>\n  <b>...and text</b>\n</message>\n</example>")
	require.Contains(t, out.String(), "<!-- to be mended: ")
	require.Contains(t, problems.String(), "example 2: ")

	mended := filepath.Join(t.TempDir(), "xep.xml")
	require.NoError(t, os.WriteFile(mended, bytes.ReplaceAll(out.Bytes(), []byte("</example>\n<example number=\"3\""), []byte("<iq/></example>\n<example number=\"3\"")), 0o600))
	list := specexample.Load(t, mended)
	require.Len(t, list, 3)
	require.Equal(t, `A <nothing/> & "more"`, list[0].Title)
	require.Len(t, list[2].Elements, 2)

	require.Error(t, run(nil, &out, &problems))
	require.Error(t, run([]string{file + ".none"}, &out, &problems))
	for _, text := range []string{"no XEP", "# XEP-0999: Nothing\n"} {
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		require.Error(t, run([]string{file}, &out, &problems))
	}
}
