package chat

import "unicode/utf8"

// XEP-0426 and XEP-0372 §3.1 count code points, where Go counts bytes.

func countPoints(s string) int { return utf8.RuneCountInString(s) }

// codePoints returns the bytes at which the code points from and to of s begin; ok is false where s has not so many.
func codePoints(s string, from, to uint64) (begin, end int, ok bool) {
	if from > to || to > uint64(len(s)) {
		return 0, 0, false
	}
	var n uint64
	begin, end = -1, -1
	for i := range s {
		if n == from {
			begin = i
		}
		if n == to {
			end = i
			break
		}
		n++
	}
	if begin < 0 && n == from {
		begin = len(s)
	}
	if end < 0 && n == to {
		end = len(s)
	}
	if begin < 0 || end < 0 {
		return 0, 0, false
	}
	return begin, end, true
}
