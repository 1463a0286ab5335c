package awsfake

import (
	"maps"
	"slices"
	"strings"
)

// entity is what a registry keeps.
type entity interface {
	key() string
	being() *lagging[bool]
}

// registry keeps the entities of one kind by name, and for a while those deleted, which lists may still show.
type registry[E entity] struct {
	live map[string]E // by name in lower case: no two names differ by case only
	gone []E
}

func newRegistry[E entity]() *registry[E] { return &registry[E]{live: map[string]E{}} }

// taken returns the entity that has the name, in whatever case, seen or not.
func (g *registry[E]) taken(name string) (E, bool) {
	e, ok := g.live[strings.ToLower(name)]
	return e, ok
}

// find returns the entity of exactly that name, if a call sees it yet.
func (g *registry[E]) find(s *Server, name string) (E, bool) {
	e, ok := g.taken(name)
	if ok && e.key() == name && e.being().seen(s) {
		return e, true
	}
	var none E
	return none, false
}

func (g *registry[E]) add(s *Server, e E) {
	e.being().set(s, true)
	g.live[strings.ToLower(e.key())] = e
}

func (g *registry[E]) drop(s *Server, e E) {
	e.being().set(s, false)
	delete(g.live, strings.ToLower(e.key()))
	now := s.now()
	g.gone = slices.DeleteFunc(g.gone, func(e E) bool { return e.being().reached(now) == len(e.being().steps)-1 })
	g.gone = append(g.gone, e)
}

// all returns what there is, in the order of names.
func (g *registry[E]) all() []E { return byKey(slices.Collect(maps.Values(g.live))) }

// listed returns what a list shows now, in the order of names.
func (g *registry[E]) listed(s *Server) []E {
	var shown []E
	for _, e := range g.all() {
		if e.being().seen(s) {
			shown = append(shown, e)
		}
	}
	for _, e := range g.gone {
		if _, again := g.taken(e.key()); !again && e.being().seen(s) {
			shown = append(shown, e)
		}
	}
	return byKey(shown)
}

func byKey[E entity](list []E) []E {
	slices.SortFunc(list, func(a, b E) int { return strings.Compare(a.key(), b.key()) })
	return list
}
