package chat

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestIsEmoji(t *testing.T) {
	for _, s := range []string{
		"👋", "🐢", "💘", "❤️", "❤", "💜", "👍🏽", "🇫🇷", "1️⃣", "#️⃣", "*️⃣", "1⃣", "👩🏽‍🚒", "👨‍👩‍👧‍👦", "🏴‍☠️", "❤️‍🔥", "👁️‍🗨️", "🏳️‍🌈",
		"🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f", // the flag of Scotland
		"☺", "©", "🫩", "\U0001fadf", "🧑🏻‍❤️‍💋‍🧑🏼",
	} {
		assert.True(t, IsEmoji(s), "%+q", s)
	}
	for _, s := range []string{
		"", "a", "1", "#", "1️", "👋👋", "👋 ", " 👋", "👋a", "🇫", "🇫🇷🇩", "🇫🇷🇩🇪", "\u200d", "👋\u200d", "\u200d👋", "\ufe0f", "👍\ufe0f\ufe0f", "👍🏽🏽", "é", "<b>", ":)", "\xf0\x9f\x91",
		"🏴\U000e0067\U000e0062", "👋\u200da", "\u20e3", "ok 👋", "日",
	} {
		assert.False(t, IsEmoji(s), "%+q", s)
	}
}

// FuzzIsEmoji holds that what is one emoji is none with another one beside it.
func FuzzIsEmoji(f *testing.F) {
	for _, s := range []string{"👋", "👩🏽‍🚒", "1️⃣", "🇫🇷", "🏴‍☠️", "a"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !IsEmoji(s) {
			return
		}
		if IsEmoji(s+"👋") || IsEmoji(s+"a") || IsEmoji(s+" ") {
			t.Errorf("%+q", s)
		}
	})
}
