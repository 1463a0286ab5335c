package awsfake

import (
	"fmt"
	"slices"
	"strings"
)

// A Call is one request that the server took.
type Call struct {
	Service string // iam, sts or secretsmanager
	Action  string // such as CreateUser
	// Object is the main name or ARN in the request: the key id where there is one, else the user, role, group, policy,
	// provider or secret. GetCallerIdentity names nobody; there it is the key id that signed, unless that is the admin's.
	Object string
	// N counts the calls of this service, action and object, from 1.
	N int
	// Write says that the action persists something, whether or not this call succeeded.
	Write       bool
	AccessKeyID string
	// Status is the HTTP status that the client got: 0 until it has an answer, and when it never gets one.
	Status int
	// Code is the error's, or empty.
	Code string
}

// Name is the call's stable name, such as "iam:CreateUser external_secrets_user #1".
func (c Call) Name() string {
	name := c.Service + ":" + c.Action
	if c.Object != "" {
		name += " " + c.Object
	}
	return fmt.Sprintf("%s #%d", name, c.N)
}

// journal is what the server remembers of its calls.
type journal struct {
	calls   []*Call
	objects map[string]int // occurrences by service, action and object
	actions map[string]int // occurrences by service and action
	unknown []string
}

func newJournal() *journal { return &journal{objects: map[string]int{}, actions: map[string]int{}} }

// enter records the call and returns how many of its action there have been, whatever their object.
func (j *journal) enter(c *Call) int {
	action := c.Service + ":" + c.Action
	object := action + " " + c.Object
	j.actions[action]++
	j.objects[object]++
	c.N = j.objects[object]
	j.calls = append(j.calls, c)
	return j.actions[action]
}

// Calls returns all calls since the start or the last ResetCalls, in the order in which they came.
func (s *Server) Calls() []Call { return s.callsWhere(func(*Call) bool { return true }) }

// Writes returns those of Calls whose action persists something.
func (s *Server) Writes() []Call { return s.callsWhere(func(c *Call) bool { return c.Write }) }

func (s *Server) callsWhere(keep func(*Call) bool) []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Call
	for _, c := range s.journal.calls {
		if keep(c) {
			out = append(out, *c)
		}
	}
	return out
}

// ResetCalls forgets all calls; their occurrences are counted from 1 again. Unknown stays.
func (s *Server) ResetCalls() {
	s.mu.Lock()
	defer s.mu.Unlock()
	unknown := s.journal.unknown
	s.journal = newJournal()
	s.journal.unknown = unknown
}

// Unknown returns what clients asked for and the server does not know: actions, and condition operators in policies.
func (s *Server) Unknown() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.journal.unknown)
}

// writes reports whether an action persists something.
func writes(service, action string) bool {
	if service == "sts" {
		return false
	}
	for _, verb := range []string{"Get", "List", "Describe", "BatchGet", "Simulate"} {
		if strings.HasPrefix(action, verb) {
			return false
		}
	}
	return true
}
