package main

import "net/http"

// What the fake of AWS starts with: an administrator's documented example key.
const (
	awsAccount         = "123456789012"
	awsRegion          = "us-east-1"
	awsAccessKeyID     = "AKIAIOSFODNN7EXAMPLE"
	awsSecretAccessKey = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
)

func newAWS() http.Handler { return nil }
