package awsfake

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// TB is what Start needs of a testing.TB.
type TB interface {
	Helper()
	Cleanup(func())
	Context() context.Context
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// listener is the port of a server that has one.
type listener struct {
	url    string
	server *http.Server
	ended  chan struct{}
}

// Start returns a server on a loopback port of its own, which ends with the test. The test fails if anything was
// asked of it that it does not know.
func Start(tb TB, opts ...Option) *Server {
	tb.Helper()
	s := New(opts...)
	if err := s.Listen(tb.Context(), "127.0.0.1:0"); err != nil {
		tb.Fatalf("start the AWS fake: %v", err)
	}
	tb.Cleanup(func() {
		s.Close()
		if unknown := s.Unknown(); len(unknown) > 0 {
			tb.Errorf("the AWS fake does not know %q", unknown)
		}
	})
	return s
}

// Listen serves on addr, such as 127.0.0.1:0, until Close.
func (s *Server) Listen(ctx context.Context, addr string) error {
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", addr, err)
	}
	s.web = listener{
		url:    "http://" + ln.Addr().String(),
		server: &http.Server{Handler: s, ReadHeaderTimeout: time.Minute},
		ended:  make(chan struct{}),
	}
	go func() {
		defer close(s.web.ended)
		if err := s.web.server.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			panic(err) // a loopback listener of ours does not fail
		}
	}()
	return nil
}

// URL is where the server listens: http://127.0.0.1:port.
func (s *Server) URL() string { return s.web.url }

// Close ends the port, and every call that hangs. Closing again does nothing.
func (s *Server) Close() { s.closing.Do(s.end) }

func (s *Server) end() {
	close(s.done)
	if s.web.server == nil {
		return
	}
	_ = s.web.server.Close() // there is nobody to tell that a connection did not close well
	<-s.web.ended
}
