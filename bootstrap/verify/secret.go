package verify

import (
	"context"
	"fmt"
	"slices"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap/asoperator"
	"github.com/uc-cdis/gen3-bootstrap/internal/credential"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

// secret: each Secret of the key has its entries, and all of them hold one key.
func (l *look) secret(context.Context) finding {
	if err := l.cluster.heldErr; err != nil {
		return l.unasked(err)
	}
	return judgeSecrets(l.cluster.held, l.target.Settings.UseGlobalUser, l.invocation())
}

func judgeSecrets(held []credential.Held, global bool, by hint.Invocation) finding {
	cure := by.Command("up") + " writes it anew"
	if global {
		cure = "it is yours to make, with entries access-key, secret-access-key and credentials"
	}
	for _, h := range held {
		lacks := slices.Clone(h.Lacks)
		onlyFile := len(lacks) == 1 && lacks[0] == "credentials"
		switch {
		case !h.Exists:
			return failed(fmt.Sprintf("Secret %s is not there", h.Name), cure)
		case h.Terminating:
			return failed(fmt.Sprintf("Secret %s is being deleted", h.Name), cure)
		case global && onlyFile: // the operator does without it
			return warning(fmt.Sprintf("Secret %s has no entry credentials, which fence usersync and the proxies mount", h.Name), cure)
		case len(lacks) > 0:
			return failed(fmt.Sprintf("Secret %s has no entry %s", h.Name, list(lacks)), cure)
		case h.Key.ID == "":
			return failed(fmt.Sprintf("Secret %s holds no access key: its entry access-key is no id of one", h.Name), cure)
		}
	}
	key := asoperator.KeyIn(held)
	var names, others []string
	for _, h := range held {
		names = append(names, h.Name)
		if h.Key.ID != key.ID || !h.Key.Secret.Equal(key.Secret) {
			others = append(others, h.Name)
		}
	}
	if len(others) > 0 {
		return failed(fmt.Sprintf("Secret %s holds access key %s, and %s another one or another secret half", held[0].Name, key.ID, list(others)), by.Command("up")+" settles which one counts")
	}
	for _, h := range held {
		if !h.Complete {
			return warning(fmt.Sprintf("Secret %s holds access key %s, and other entries than up writes: credentials may be of another key", h.Name, key.ID))
		}
	}
	return ok(fmt.Sprintf("%s: access key %s", list(names), key.ID))
}
