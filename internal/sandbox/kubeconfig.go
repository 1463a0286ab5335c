package sandbox

import (
	"fmt"
	"path/filepath"

	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

// writeKubeconfigs writes one kubeconfig for each user.
func (s *Sandbox) writeKubeconfigs(c *credentials) error {
	s.Kubeconfig = filepath.Join(s.Dir, "kubeconfig")
	s.RestrictedKubeconfig = filepath.Join(s.Dir, "kubeconfig-restricted")
	if err := writeKubeconfig(s.Kubeconfig, s.Server, AdminUser, c.adminToken, c.caPEM); err != nil {
		return err
	}
	return writeKubeconfig(s.RestrictedKubeconfig, s.Server, RestrictedUser, c.restrictedToken, c.caPEM)
}

func writeKubeconfig(path, server, user, token string, ca []byte) error {
	const name = "sandbox"
	cfg := api.NewConfig()
	cfg.Clusters[name] = &api.Cluster{Server: server, CertificateAuthorityData: ca}
	cfg.AuthInfos[user] = &api.AuthInfo{Token: token}
	cfg.Contexts[name] = &api.Context{Cluster: name, AuthInfo: user}
	cfg.CurrentContext = name
	if err := clientcmd.WriteToFile(*cfg, path); err != nil {
		return fmt.Errorf("write kubeconfig: %w", err)
	}
	return nil
}
