package sandbox

import (
	"fmt"
	"net"
	"net/http"
	"time"
)

// loopback is where every part listens; the kernel chooses the port, so that
// sandboxes that start at the same time cannot collide.
const loopback = "127.0.0.1:0"

// serve runs h on a loopback port until the sandbox stops and returns its URL.
// A nil handler is not served.
func (s *Sandbox) serve(h http.Handler) (string, error) {
	if h == nil {
		return "", nil
	}
	ln, err := net.Listen("tcp", loopback)
	if err != nil {
		return "", fmt.Errorf("listen: %w", err)
	}
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = srv.Serve(ln) }() // ends with ErrServerClosed
	s.onStop(srv.Close)
	return "http://" + ln.Addr().String(), nil
}
