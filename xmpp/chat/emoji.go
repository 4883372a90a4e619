package chat

import (
	"slices"
	"unicode/utf8"
)

// IsEmoji reports whether s can be one emoji (XEP-0444 §4): a sequence of the form of UTS #51 ED-17, such as "👋", "❤️", "👩🏽‍🚒", "🇫🇷" or
// "1️⃣". Characters that Unicode keeps for pictures to come count as such, so that this needs no news of them.
func IsEmoji(s string) bool {
	for {
		rest, ok := emojiElement(s)
		if !ok {
			return false
		}
		if rest == "" {
			return true
		}
		r, n := utf8.DecodeRuneInString(rest)
		if r != zeroWidthJoiner {
			return false
		}
		s = rest[n:]
	}
}

const (
	zeroWidthJoiner = '\u200d'
	picturePlease   = '\ufe0f' // variation selector 16: in emoji presentation
	keycap          = '\u20e3'
	cancelTag       = '\U000e007f'
)

// emojiElement takes a flag, or one character with what modifies it, off s.
func emojiElement(s string) (rest string, ok bool) {
	r, n := utf8.DecodeRuneInString(s)
	s = s[n:]
	switch {
	case isRegional(r):
		second, n := utf8.DecodeRuneInString(s)
		return s[n:], isRegional(second)
	case r >= '0' && r <= '9' || r == '#' || r == '*':
		s, _ = cutRune(s, picturePlease)
		return cutRune(s, keycap)
	case !isPicture(r):
		return "", false
	}
	if t, ok := cutRune(s, picturePlease); ok {
		s, _ = cutRune(t, keycap)
		return s, true
	}
	switch m, n := utf8.DecodeRuneInString(s); {
	case m >= 0x1F3FB && m <= 0x1F3FF: // the colour of a skin
		return s[n:], true
	case isTag(m):
		for isTag(m) {
			s = s[n:]
			m, n = utf8.DecodeRuneInString(s)
		}
		return cutRune(s, cancelTag)
	}
	return s, true
}

func cutRune(s string, r rune) (rest string, ok bool) {
	first, n := utf8.DecodeRuneInString(s)
	if first != r || n == 0 {
		return s, false
	}
	return s[n:], true
}

func isRegional(r rune) bool { return r >= 0x1F1E6 && r <= 0x1F1FF }
func isTag(r rune) bool      { return r >= 0xE0020 && r <= 0xE007E }

func isPicture(r rune) bool {
	_, ok := slices.BinarySearchFunc(pictures, r, func(span [2]rune, r rune) int {
		switch {
		case span[1] < r:
			return -1
		case span[0] > r:
			return 1
		}
		return 0
	})
	return ok
}

// pictures are the characters with the properties Emoji or Extended_Pictographic (Unicode 14, emoji-data.txt), from U+0080 on and
// without the regional indicators. The second property has what is reserved, too.
var pictures = [][2]rune{
	{0x00a9, 0x00a9}, {0x00ae, 0x00ae}, {0x203c, 0x203c}, {0x2049, 0x2049}, {0x2122, 0x2122}, {0x2139, 0x2139}, {0x2194, 0x2199},
	{0x21a9, 0x21aa}, {0x231a, 0x231b}, {0x2328, 0x2328}, {0x2388, 0x2388}, {0x23cf, 0x23cf}, {0x23e9, 0x23f3}, {0x23f8, 0x23fa},
	{0x24c2, 0x24c2}, {0x25aa, 0x25ab}, {0x25b6, 0x25b6}, {0x25c0, 0x25c0}, {0x25fb, 0x25fe}, {0x2600, 0x2605}, {0x2607, 0x2612},
	{0x2614, 0x2685}, {0x2690, 0x2705}, {0x2708, 0x2712}, {0x2714, 0x2714}, {0x2716, 0x2716}, {0x271d, 0x271d}, {0x2721, 0x2721},
	{0x2728, 0x2728}, {0x2733, 0x2734}, {0x2744, 0x2744}, {0x2747, 0x2747}, {0x274c, 0x274c}, {0x274e, 0x274e}, {0x2753, 0x2755},
	{0x2757, 0x2757}, {0x2763, 0x2767}, {0x2795, 0x2797}, {0x27a1, 0x27a1}, {0x27b0, 0x27b0}, {0x27bf, 0x27bf}, {0x2934, 0x2935},
	{0x2b05, 0x2b07}, {0x2b1b, 0x2b1c}, {0x2b50, 0x2b50}, {0x2b55, 0x2b55}, {0x3030, 0x3030}, {0x303d, 0x303d}, {0x3297, 0x3297},
	{0x3299, 0x3299}, {0x1f000, 0x1f0ff}, {0x1f10d, 0x1f10f}, {0x1f12f, 0x1f12f}, {0x1f16c, 0x1f171}, {0x1f17e, 0x1f17f},
	{0x1f18e, 0x1f18e}, {0x1f191, 0x1f19a}, {0x1f1ad, 0x1f1e5}, {0x1f201, 0x1f20f}, {0x1f21a, 0x1f21a}, {0x1f22f, 0x1f22f},
	{0x1f232, 0x1f23a}, {0x1f23c, 0x1f23f}, {0x1f249, 0x1f53d}, {0x1f546, 0x1f64f}, {0x1f680, 0x1f6ff}, {0x1f774, 0x1f77f},
	{0x1f7d5, 0x1f7ff}, {0x1f80c, 0x1f80f}, {0x1f848, 0x1f84f}, {0x1f85a, 0x1f85f}, {0x1f888, 0x1f88f}, {0x1f8ae, 0x1f8ff},
	{0x1f90c, 0x1f93a}, {0x1f93c, 0x1f945}, {0x1f947, 0x1faff}, {0x1fc00, 0x1fffd},
}
