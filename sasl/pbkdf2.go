package sasl

import (
	"context"
	"crypto/hmac"
	"crypto/subtle"
	"hash"
)

// checkEvery is the number of iterations between two looks at the context: well below a millisecond of work.
const checkEvery = 1024

// saltedPassword is Hi of RFC 5802 section 2.2: PBKDF2 (RFC 8018) of one block, which returns early when ctx ends. The
// standard library's function cannot be stopped, and the count is the server's to choose.
func saltedPassword(ctx context.Context, h func() hash.Hash, password string, salt []byte, iterations int) ([]byte, error) {
	mac := hmac.New(h, []byte(password))
	mac.Write(salt)
	mac.Write([]byte{0, 0, 0, 1}) // INT(1), the number of the block
	u := mac.Sum(nil)
	sum := append([]byte(nil), u...)
	for i := 1; i < iterations; i++ {
		if i%checkEvery == 1 {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
		}
		mac.Reset()
		mac.Write(u)
		u = mac.Sum(u[:0])
		subtle.XORBytes(sum, sum, u)
	}
	return sum, nil
}
