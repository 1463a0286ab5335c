// Package chartsource owns where a chart comes from: a repository, a registry or a disk. It judges references, downloads within limits,
// and checks digests. It knows no cluster.
package chartsource
