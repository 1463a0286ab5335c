package gen3

import (
	"net"
	"strings"
)

// InCluster reports whether a host is one that only DNS of its own cluster knows: a bare name, service.namespace, or what ends in svc or
// cluster.local. An unknown namespace is "". (https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/)
func InCluster(host, namespace string) bool {
	host = strings.ToLower(strings.TrimSuffix(strings.TrimSpace(host), "."))
	if host == "" || net.ParseIP(host) != nil {
		return false
	}
	labels := strings.Split(host, ".")
	switch len(labels) {
	case 1:
		return true
	case 2:
		return labels[1] == namespace || labels[1] == "svc"
	}
	return labels[2] == "svc" || labels[len(labels)-1] == "svc" || strings.HasSuffix(host, ".cluster.local")
}
