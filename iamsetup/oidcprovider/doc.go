// Package oidcprovider owns the identity provider by which the account believes the tokens of a cluster. It knows of roles only
// that some trust it; it must not know how one is made.
package oidcprovider
