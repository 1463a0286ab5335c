// Command operator is External Secrets Operator as the sandbox runs it: the program of the upstream module itself, with
// all its controllers. It is a module of its own, so that neither gen3-bootstrap nor the sandbox is built with what it needs.
//
// Two things differ from the image that the chart names. It ends when its stdin does, so that none is left behind however
// the sandbox ends. And its webhook listens on loopback only, with the certificate files that it is given:
//
//	operator [flags of the controllers]
//	operator webhook --port PORT --cert-dir DIR
package main
