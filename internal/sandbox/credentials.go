package sandbox

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"

	"k8s.io/client-go/rest"
)

const (
	// AdminUser is in system:masters.
	AdminUser = "sandbox-admin"
	// RestrictedUser has no rights but those that every authenticated user has.
	// Tests may bind roles to it.
	RestrictedUser = "sandbox-restricted"
)

// credentials are what the API server and its users know each other by.
type credentials struct {
	adminToken, restrictedToken string
	caPEM                       []byte

	servingCert, servingKey, serviceAccountKey, tokenFile string // paths
}

// writeCredentials makes fresh ones. All keys are elliptic: an RSA key takes
// longer to make than etcd takes to start.
func writeCredentials(dir string) (*credentials, error) {
	c := &credentials{
		adminToken:        rand.Text(),
		restrictedToken:   rand.Text(),
		servingCert:       filepath.Join(dir, "apiserver.crt"),
		servingKey:        filepath.Join(dir, "apiserver.key"),
		serviceAccountKey: filepath.Join(dir, "sa.key"),
		tokenFile:         filepath.Join(dir, "tokens.csv"),
	}
	if err := c.writeServing(); err != nil {
		return nil, fmt.Errorf("make serving certificate: %w", err)
	}
	if _, err := writeKey(c.serviceAccountKey); err != nil {
		return nil, fmt.Errorf("make service account key: %w", err)
	}
	tokens := fmt.Sprintf("%s,%s,1,\"system:masters\"\n%s,%s,2\n",
		c.adminToken, AdminUser, c.restrictedToken, RestrictedUser)
	if err := os.WriteFile(c.tokenFile, []byte(tokens), 0o600); err != nil {
		return nil, fmt.Errorf("write tokens: %w", err)
	}
	return c, nil
}

// writeServing makes a self-signed certificate for loopback.
func (c *credentials) writeServing() error {
	key, err := writeKey(c.servingKey)
	if err != nil {
		return err
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "sandbox"},
		NotBefore:             now.Add(-time.Hour),
		NotAfter:              now.AddDate(1, 0, 0),
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:              []string{"localhost", "kubernetes.default.svc"},
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return err
	}
	c.caPEM = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return os.WriteFile(c.servingCert, c.caPEM, 0o600)
}

// writeKey makes a private key and writes it to path as PEM.
func writeKey(path string) (*ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, err
	}
	return key, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}), 0o600)
}

// restConfig is the administrator's, with no rate limit on the client's side.
func (c *credentials) restConfig(server string) *rest.Config {
	return &rest.Config{
		Host:            server,
		BearerToken:     c.adminToken,
		TLSClientConfig: rest.TLSClientConfig{CAData: c.caPEM},
		QPS:             -1,
	}
}
