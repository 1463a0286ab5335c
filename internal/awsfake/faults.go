package awsfake

import "strings"

// A Kind is a way for a call to go wrong.
type Kind int

// The kinds of a Fault.
const (
	Throttling  Kind = iota // 400, retried by the SDK
	ServerError             // 500 without effect
	AccessDenied
	ConcurrentModification        // 409
	EntityTemporarilyUnmodifiable // 409
	LimitExceeded                 // 409
	CustomError                   // the Fault's own Status and Code
	Timeout                       // no answer until the client gives up or the server closes; no effect
	ResetBefore                   // connection closed without an answer, and without effect
	LostReply                     // effect, then connection closed without an answer
	LostReply5xx                  // effect, then 500
	Hook                          // the Fault's Hook is called before and after the effect
	KillBefore                    // the Hook is called, then as ResetBefore, whatever the Hook did to the client
	KillAfter                     // effect, the Hook is called, then as LostReply
)

// A Phase is when a hook is called.
type Phase int

// The phases of a call.
const (
	Before Phase = iota // recorded, without effect yet
	After               // with its effect, before the reply
)

// A Fault makes calls go wrong.
type Fault struct {
	Service string // any if empty
	Action  string // such as CreateAccessKey, or iam:CreateAccessKey; any if empty
	Object  string // any if empty
	// N is the occurrence that is hit, 0 for every one. It is counted as Call.N if there is an Object, else over all
	// calls of the action.
	N int
	// Times is after how many hits the fault is over. 0 is never, or with N once: ResetCalls does not bring it back.
	Times  int
	Kind   Kind
	Hook   func(Phase, Call)
	Status int    // of a CustomError, 400 if not given
	Code   string // of a CustomError
}

// fault is a Fault in force.
type fault struct {
	Fault
	exact bool // an empty Object is no wildcard
	hits  int
}

// Fault makes calls go wrong from now on, until the returned func is called. Of several faults that fit a call, the
// one that came first hits it.
func (s *Server) Fault(f Fault) (remove func()) { return s.addFault(&fault{Fault: f}) }

// FaultAt is Fault for exactly the recorded call, when it comes again in a server of the same history.
func (s *Server) FaultAt(c Call, kind Kind, hook func(Phase, Call)) (remove func()) {
	f := Fault{Service: c.Service, Action: c.Action, Object: c.Object, N: c.N, Kind: kind, Hook: hook}
	return s.addFault(&fault{Fault: f, exact: true})
}

// OnCall has a hook called around the effect of every call. Hooks may use the server, and block their call alone.
func (s *Server) OnCall(hook func(Phase, Call)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hooks = append(s.hooks, hook)
}

func (s *Server) addFault(f *fault) (remove func()) {
	if service, action, ok := strings.Cut(f.Action, ":"); ok {
		f.Service, f.Action = service, action
	}
	if f.N > 0 && f.Times == 0 {
		f.Times = 1
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, f)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		f.Times, f.hits = 1, 1
	}
}

// strike returns the fault that hits the call, or nil.
func (s *Server) strike(c Call, ofAction int) *Fault {
	for _, f := range s.faults {
		if f.fits(c, ofAction) {
			f.hits++
			return &f.Fault
		}
	}
	return nil
}

func (f *fault) fits(c Call, ofAction int) bool {
	over := f.Times > 0 && f.hits >= f.Times
	other := f.Service != "" && f.Service != c.Service || f.Action != "" && f.Action != c.Action
	if over || other {
		return false
	}
	n := c.N
	if f.Object == "" && !f.exact {
		n = ofAction
	} else if f.Object != c.Object {
		return false
	}
	return f.N == 0 || f.N == n
}
