package jid

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// alphabet holds code points that something happens to: they map, compose, join, mirror, or need company.
var alphabet = []rune("az09-.LlßẞΑΣςσİıǰé\u0301\u0300\u0327\u0345\u0344" +
	"ａＺ１．＠／［。｡ｶﾞ\u3000\u00a0 " +
	"·\u0387\u0375αאב\u05f3\u05b0بء\u064b\u0661\u06f1・日アあ" +
	"\u200c\u200d\u094d\u0915\u1100\u1161\u11a8\uac00ﾡ" +
	"\u212a\u2126\u2163Ⅳﬁ²♥Ꭰꭰ\u0340\u0374\u1f71\u0f73\u0f71\u0f72\U0001d15e\uf900\U0002f800")

// TestMixturesSettle enforces random mixtures of these as each part: what comes out is canonical, so that enforcing it
// changes nothing. A fuzzer finds such mixtures rarely.
func TestMixturesSettle(t *testing.T) {
	random := rand.New(rand.NewPCG(7622, 8265))
	accepted := 0
	for range 10_000 {
		mixture := make([]rune, 1+random.IntN(6))
		for i := range mixture {
			mixture[i] = alphabet[random.IntN(len(alphabet))]
		}
		for _, enforce := range []func(string) (string, *ParseError){enforceLocal, enforceDomain, enforceResource} {
			once, fault := enforce(string(mixture))
			if fault != nil {
				continue
			}
			accepted++
			twice, fault := enforce(once)
			require.Nil(t, fault, "%+q gives %+q", string(mixture), once)
			require.Equal(t, once, twice, "%+q", string(mixture))
		}
		if j, err := Parse(string(mixture)); err == nil {
			checkHost(t, j)
		}
	}
	require.Greater(t, accepted, 1000)
}
