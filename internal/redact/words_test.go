package redact

import "testing"

func TestWords(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"aws eks get-token --cluster-name c --region us-east-1":                    "aws eks get-token --cluster-name c --region us-east-1",
		"kubelogin get-token --oidc-client-secret=TOP --oidc-issuer-url=https://i": "kubelogin get-token --oidc-client-secret=(redacted) --oidc-issuer-url=https://i",
		"creds --client-secret 'TOP SECRET' -x":                                    "creds --client-secret (redacted) -x",
		"get-token '--client-secret=TO+P/x' -v":                                    "get-token '--client-secret=(redacted)' -v",
		"get-token cluster":                                                        "get-token cluster",
		"creds --password TOP":                                                     "creds --password (redacted)",
		`parse "http://user:TOP@bad host:99": invalid character`:                   `parse "http://(redacted)@bad host:99": invalid character`,
		"https://127.0.0.1:6443":                                                   "https://127.0.0.1:6443",
	} {
		if got := Words(text); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
