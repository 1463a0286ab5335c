package cause

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
)

// Transport finds out what happened on the way to a server, and says it in a few words. Other means that it cannot tell. The
// Go standard library has a type for most of it, and a text alone for the rest.
func Transport(err error) (Kind, string) {
	if text, ok := proxy(err); ok {
		return Proxy, text
	}
	if kind, text := certificate(err); kind != Other {
		return kind, text
	}
	var name *net.DNSError
	text := ""
	if err != nil {
		text = err.Error()
	}
	switch {
	case errors.As(err, &name) && (name.IsTimeout || name.IsTemporary) && !name.IsNotFound:
		return NameServer, "the name server does not answer for " + name.Name
	case errors.As(err, &name):
		return NoName, "the name " + name.Name + " does not resolve"
	case errors.Is(err, syscall.ECONNREFUSED):
		return Refused, "the connection is refused" + at(err)
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.ENETDOWN), errors.Is(err, syscall.EADDRNOTAVAIL):
		return NoRoute, "no network leads there" + at(err)
	case strings.Contains(text, "connection reset by peer"): // also where only a former attempt met it
		return Reset, "the connection was closed without an answer" + at(err)
	case isTimeout(err):
		return TimedOut, "it does not answer in time" + at(err)
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed),
		strings.Contains(text, "server closed idle connection"), strings.Contains(text, "http2: client connection lost"):
		return Reset, "the connection was closed without an answer" + at(err)
	}
	return Other, ""
}

// proxy tells a proxy's failure from the server's own. The one type is of the connection to it; the answer of a proxy that
// refuses to connect has no type (net/http, Transport.dialConn).
func proxy(err error) (string, bool) {
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "proxyconnect" {
		kind, text := Transport(op.Err)
		if kind == Other {
			text = op.Err.Error()
		}
		return "the proxy cannot be used: " + text, true
	}
	for e := err; e != nil; e = errors.Unwrap(e) {
		text := e.Error()
		for _, status := range []int{
			http.StatusProxyAuthRequired, http.StatusForbidden, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout, http.StatusMethodNotAllowed,
		} {
			if text == http.StatusText(status) && errors.Unwrap(e) == nil {
				return "the proxy refuses to connect: " + text, true
			}
		}
	}
	var uri *url.Error
	if errors.As(err, &uri) && uri.Op == "parse" && strings.Contains(err.Error(), "proxy") {
		return "the address of the proxy is not legal", true
	}
	return "", false
}

func certificate(err error) (Kind, string) {
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	var record tls.RecordHeaderError
	var alert tls.AlertError
	text := ""
	if err != nil {
		text = err.Error()
	}
	switch {
	case errors.As(err, &unknown):
		signer := ""
		if unknown.Cert != nil && unknown.Cert.Issuer.String() != "" {
			signer = fmt.Sprintf(" (it is signed by %q)", unknown.Cert.Issuer.String())
		}
		return Untrusted, "its certificate is not trusted here" + signer
	case errors.As(err, &host):
		return WrongName, "its certificate is not for the name " + host.Host
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return OutOfDate, "its certificate has expired, or is not valid yet"
	case errors.As(err, &invalid):
		return Untrusted, "its certificate is not valid: " + invalid.Error()
	case errors.As(err, &record), strings.Contains(text, "server gave HTTP response to HTTPS client"):
		return NotTLS, "what listens there does not speak TLS"
	case errors.As(err, &alert), strings.Contains(text, "remote error: tls:"):
		return TLSRefused, "it refuses the connection: " + text[max(0, strings.LastIndex(text, "tls: ")):]
	}
	return Other, ""
}

// isTimeout is for limits on one call. That of the whole run is its own error, told by whoever set it.
func isTimeout(err error) bool {
	var network net.Error
	return errors.As(err, &network) && network.Timeout() || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, syscall.ETIMEDOUT)
}

// at names the address where it is known.
func at(err error) string {
	var op *net.OpError
	if errors.As(err, &op) && op.Addr != nil {
		return " (" + op.Addr.String() + ")"
	}
	return ""
}
