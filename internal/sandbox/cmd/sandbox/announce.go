package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
	"github.com/uc-cdis/gen3-bootstrap/internal/sandbox"
)

// ready is the line that tells whoever started the sandbox how to use it. The
// fields about AWS are empty without the fake.
type ready struct {
	Kubeconfig           string `json:"kubeconfig"`
	RestrictedKubeconfig string `json:"restrictedKubeconfig"`
	Server               string `json:"server"`
	ChartRepo            string `json:"chartRepo"`
	AWSEndpoint          string `json:"awsEndpoint"`
	Account              string `json:"account"`
	Region               string `json:"region"`
	AccessKeyID          string `json:"accessKeyId"`
	SecretAccessKey      string `json:"secretAccessKey"`
	Issuer               string `json:"issuer"`
	Operator             string `json:"operator"` // path of the program that runs in the operator's pods, or empty
	Dir                  string `json:"dir"`
	PID                  int    `json:"pid"`
}

func announce(stdout io.Writer, sb *sandbox.Sandbox) error {
	r := ready{
		Kubeconfig:           sb.Kubeconfig,
		RestrictedKubeconfig: sb.RestrictedKubeconfig,
		Server:               sb.Server,
		ChartRepo:            sb.ChartRepo,
		AWSEndpoint:          sb.AWSEndpoint,
		Issuer:               sb.Issuer,
		Operator:             sb.Operator,
		Dir:                  sb.Dir,
		PID:                  os.Getpid(),
	}
	if sb.AWSEndpoint != "" {
		r.Account, r.Region = awsAccount, awsRegion
		r.AccessKeyID, r.SecretAccessKey = awsfake.AdminKeyID, awsfake.AdminSecret
	}
	if err := json.NewEncoder(stdout).Encode(r); err != nil {
		return fmt.Errorf("announce sandbox: %w", err)
	}
	return nil
}
