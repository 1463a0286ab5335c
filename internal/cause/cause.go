// Package cause knows why a server could not be asked: what happened on the way to it, in words for an operator. Each side (AWS, the
// API server) has a table of its own on top of it. It must not know either of them.
package cause

// Cause is one reason why calls fail, however many meet it. Two calls failed for the same cause when the texts are the same.
type Cause struct {
	Code  string   // one word that stays the same, for programs
	Text  string   // what is wrong; it stands after what was being done and a colon
	Cures []string // what a person can do about it, a line each
}

// Kind is what happened on the way to a server.
type Kind int

// The kinds of failure on the way, from the name of the server to its answer.
const (
	Other      Kind = iota
	NoName          // its name does not resolve
	NameServer      // the name server does not answer
	Refused         // nothing listens there
	NoRoute         // no network leads there
	TimedOut        // no answer in time
	Reset           // the connection was closed without an answer
	Proxy           // a proxy on the way refuses or cannot be reached
	Untrusted       // its certificate is signed by nobody who is trusted here
	WrongName       // its certificate is for another name
	OutOfDate       // its certificate has expired, or is not valid yet
	NotTLS          // what listens there does not speak TLS
	TLSRefused      // it refuses this client's TLS
)
