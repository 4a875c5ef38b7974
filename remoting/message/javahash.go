package message

import "unicode/utf8"

// JavaHash is String.hashCode of the text: over its UTF-16 units, as int32.
func JavaHash[T ~string | ~[]byte](text T) int32 {
	var hash int32
	for i := 0; i < len(text); i++ {
		if text[i] >= utf8.RuneSelf {
			return javaHashUTF16(hash, string(text[i:]))
		}
		hash = 31*hash + int32(text[i])
	}
	return hash
}

func javaHashUTF16(hash int32, text string) int32 {
	for _, r := range text {
		if r < 0x10000 {
			hash = 31*hash + r
			continue
		}
		hash = 31*hash + (0xD800 + (r-0x10000)>>10)
		hash = 31*hash + (0xDC00 + (r-0x10000)&0x3FF)
	}
	return hash
}

// TagsCode is what the consume queue keeps of a message's TAGS value: its JavaHash, sign extended, 0 without a tag.
func TagsCode[T ~string | ~[]byte](tags T) int64 { return int64(JavaHash(tags)) }
