package awsfake

import (
	"context"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Server is one AWS account. It implements http.Handler; Start and Listen give it a port of its own.
type Server struct {
	settings
	actions map[string]action
	done    chan struct{} // closed by Close, so that nothing hangs beyond it
	closing sync.Once
	web     listener

	mu      sync.Mutex // guards what follows
	mint    *mint
	journal *journal
	faults  []*fault
	hooks   []func(Phase, Call)
	denied  []*denial
	seeding bool
	settles time.Time // when all see all that was written
	state
}

// New returns an account with nothing in it but the admin and some of AWS's own policies.
func New(opts ...Option) *Server {
	s := &Server{settings: defaults(), actions: allActions(), done: make(chan struct{}), journal: newJournal()}
	for _, o := range opts {
		o(&s.settings)
	}
	s.mint = newMint(s.randomness, s.halves)
	s.state = newState(s)
	return s
}

// reply is what becomes of a request.
type reply struct {
	result any
	err    error
	drop   bool // close the connection without an answer
	hang   bool // never answer
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, hr *http.Request) {
	body, err := io.ReadAll(hr.Body)
	if err != nil {
		return // the client went away before its request was whole
	}
	s.travel(hr.Context())
	r := s.parse(hr, body)
	if r.call.Action == "" {
		missing := refuse(http.StatusBadRequest, "MissingAction", "The request is missing an action.")
		s.send(w, hr, r, &reply{err: missing}) // a look at whether anybody is there, not a call
		return
	}
	f, hooks := s.enter(r)
	s.send(w, hr, r, s.run(hr.Context(), r, f, hooks))
}

// travel lets the latency pass.
func (s *Server) travel(ctx context.Context) {
	if s.latency <= 0 {
		return
	}
	t := time.NewTimer(s.latency)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	case <-s.done:
	}
}

// enter records the call and returns what is to happen around it.
func (s *Server) enter(r *request) (*Fault, []func(Phase, Call)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.strike(*r.call, s.journal.enter(r.call))
	hooks := slices.Clone(s.hooks)
	if f != nil && f.Hook != nil {
		hooks = append(hooks, f.hook)
	}
	if f == nil {
		f = &Fault{Kind: Hook}
	}
	return f, hooks
}

// hook calls the fault's hook, and that of a KillAfter only with the effect done.
func (f *Fault) hook(p Phase, c Call) {
	if f.Kind != KillAfter || p == After {
		f.Hook(p, c)
	}
}

// run carries the request out, with all that is to go wrong.
func (s *Server) run(ctx context.Context, r *request, f *Fault, hooks []func(Phase, Call)) *reply {
	s.tell(hooks, Before, r)
	if ctx.Err() != nil {
		return &reply{drop: true} // the hook ended the client: it never sent this
	}
	out := f.early(r.json())
	done := out == nil
	if done {
		result, err := s.perform(r) //nolint:contextcheck // r carries the context
		out = f.late(&reply{result: result, err: err}, r.json())
	}
	s.conclude(r.call, out)
	if done {
		s.tell(hooks, After, r)
	}
	return out
}

// tell calls the hooks, which may use the server.
func (s *Server) tell(hooks []func(Phase, Call), p Phase, r *request) {
	s.mu.Lock()
	c := *r.call
	s.mu.Unlock()
	for _, h := range hooks {
		h(p, c)
	}
}

// conclude notes in the record what the client gets.
func (s *Server) conclude(c *Call, out *reply) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch e, failed := out.err.(*apiError); { //nolint:errorlint // ours are never wrapped
	case out.drop || out.hang:
	case failed:
		c.Status, c.Code = e.status, e.code
	default:
		c.Status = http.StatusOK
	}
}

// perform checks who asks and whether they may, and does it.
func (s *Server) perform(r *request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	act, known := s.actions[r.call.Service+":"+r.call.Action]
	if !known {
		s.journal.unknown = append(s.journal.unknown, r.call.Service+":"+r.call.Action)
		return nil, refuse(http.StatusNotImplemented, "InvalidAction", "awsfake does not know the action %s", r.call.Action)
	}
	if r.malformed != nil {
		return nil, r.malformed
	}
	if !act.open {
		if err := s.authenticate(r); err != nil {
			return nil, err
		}
	}
	if act.on != nil {
		if err := s.authorize(r, act.on(r)); err != nil {
			return nil, err
		}
	}
	return act.run(r)
}
