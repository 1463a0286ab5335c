package main

import (
	"net/http"

	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
)

// What the fake of AWS is announced with.
const (
	awsAccount = "123456789012"
	awsRegion  = "us-east-1"
)

// newAWS is an account in which only the administrator exists.
func newAWS() http.Handler { return awsfake.New(awsfake.WithAccount(awsAccount)) }
