package remoting

const hexDigits = "0123456789abcdef"

// appendJSONString appends value quoted; bytes from 0x80 pass as they are.
func appendJSONString[T string | []byte](dst []byte, value T) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(value); i++ {
		c := value[i]
		if c >= 0x20 && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, value[start:i]...)
		start = i + 1
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		default:
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	dst = append(dst, value[start:]...)
	return append(dst, '"')
}
