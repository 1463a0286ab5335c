package awsfake

import "time"

// A Class is a kind of thing that reads may see late.
type Class int

// The classes of DelayVisibility.
const (
	Entities    Class = iota // users, groups, policies, roles, providers
	Tags                     // what TagUser and its like change after the creation
	Attachments              // of policies to users, groups and roles
	Keys                     // access keys as objects of IAM calls
	Credentials              // access keys as what signs a call
	Documents                // trust policies, and a policy's versions
)

// lag is how far reads are behind writes.
type lag struct {
	delay time.Duration
	// flap makes each read within the delay see either state, since in a real account each reads from another replica.
	flap bool
}

func setLags(lags map[Class]lag, l lag, classes []Class) {
	if len(classes) == 0 {
		classes = []Class{Entities, Tags, Attachments, Keys, Credentials, Documents}
	}
	for _, c := range classes {
		lags[c] = l
	}
}

// DelayVisibility hides what is written from now on until d has passed, and with flap shows and hides it by turns
// until then. Without classes it holds for all. What was written before is not touched.
//
// Lists also show what was deleted until d has passed; a Get of it does not. A write that names what is still hidden
// is refused as if it did not exist; one that creates it again is told that it does.
func (s *Server) DelayVisibility(d time.Duration, flap bool, classes ...Class) {
	s.mu.Lock()
	defer s.mu.Unlock()
	setLags(s.lags, lag{d, flap}, classes)
}

// Settled reports whether every read sees what was last written.
func (s *Server) Settled() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.settles.After(s.now())
}

// lagging is a value whose changes are seen late.
type lagging[T any] struct {
	class Class
	steps []step[T]
}

// step is a value and when all see it.
type step[T any] struct {
	from  time.Time
	value T
}

// lags returns an empty value of the class.
func lags[T any](class Class) lagging[T] { return lagging[T]{class: class} }

// settled returns a value that all see at once.
func settled[T any](class Class, v T) lagging[T] {
	return lagging[T]{class: class, steps: []step[T]{{value: v}}}
}

// set changes the value, for others to see later.
func (l *lagging[T]) set(s *Server, v T) {
	now := s.now()
	if i := l.reached(now); i > 0 {
		l.steps = l.steps[i:]
	}
	from := now
	if !s.seeding {
		from = now.Add(s.lags[l.class].delay)
	}
	if from.After(s.settles) {
		s.settles = from
	}
	l.steps = append(l.steps, step[T]{from, v})
}

// latest is the value as the writer knows it.
func (l *lagging[T]) latest() T {
	if len(l.steps) == 0 {
		var none T
		return none
	}
	return l.steps[len(l.steps)-1].value
}

// seen is the value as a read finds it.
func (l *lagging[T]) seen(s *Server) T {
	i, last := l.reached(s.now()), len(l.steps)-1
	if i < last && s.lags[l.class].flap && s.mint.coin() {
		i = last
	}
	if i < 0 {
		var none T
		return none
	}
	return l.steps[i].value
}

// reached is the newest step that all see, or -1.
func (l *lagging[T]) reached(now time.Time) int {
	i := len(l.steps) - 1
	for i >= 0 && l.steps[i].from.After(now) {
		i--
	}
	return i
}
