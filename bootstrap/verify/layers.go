package verify

import (
	"context"
	"slices"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

// The layers' names.
const (
	OperatorLayer   = "operator"
	WebhookLayer    = "webhook"
	APILayer        = "api-versions"
	SecretLayer     = "secret"
	KeyLayer        = "access-key"
	AccountLayer    = "service-account"
	RoleLayer       = "role"
	PermissionLayer = "permission"
	KMSLayer        = "kms"
	StoreLayer      = "store"
	ExternalLayer   = "external-secrets"
)

// layer is one row of the list.
type layer struct {
	name  string
	rests []string
	look  func(context.Context) finding
}

// finding is what a layer's look came to.
type finding struct {
	state   State
	reason  string
	hints   []string
	objects []Object
	on      string // the layer because of which it was not tried
	pending bool   // it is not well yet, and may become so by itself
}

func ok(reason string) finding { return finding{state: OK, reason: reason} }

func warning(reason string, hints ...string) finding {
	return finding{state: Warning, reason: reason, hints: hints}
}

func failed(reason string, hints ...string) finding {
	return finding{state: Failed, reason: reason, hints: hints}
}

func notTried(on string) finding {
	return finding{state: NotTried, on: on, reason: "not tried: " + on + " failed"}
}

// unasked is the failure to find out.
func (l *look) unasked(err error) finding {
	p := l.target.Problem("", err)
	return failed(p.Message, hint.Split(p.Hint)...)
}

// layers lists them in the order in which they are tried, for the mode of the namespace.
func (l *look) layers() []layer {
	s := l.target.Settings
	out := []layer{
		{OperatorLayer, nil, l.operator},
		{WebhookLayer, []string{OperatorLayer}, l.webhook},
		{APILayer, []string{OperatorLayer}, l.api},
	}
	credentials := KeyLayer
	if !s.IRSA || s.UseGlobalUser {
		out = append(out, layer{SecretLayer, nil, l.secret}, layer{KeyLayer, []string{SecretLayer}, l.key})
	}
	if s.IRSA {
		credentials = RoleLayer
		out = append(out, layer{AccountLayer, nil, l.account}, layer{RoleLayer, []string{AccountLayer}, l.role})
	}
	return append(out,
		layer{PermissionLayer, []string{credentials}, l.permission},
		layer{KMSLayer, []string{credentials}, l.kms},
		layer{StoreLayer, nil, l.stores},
		layer{ExternalLayer, []string{credentials}, l.externals},
	)
}

// walk tries the layers one after the other. A layer is not tried when what it rests on failed or was not tried itself; the reason
// names the layer that failed.
func walk(ctx context.Context, layers []layer, note func(name string, f finding)) {
	failures := map[string]string{} // by layer, the one that failed
	for _, y := range layers {
		var f finding
		if i := slices.IndexFunc(y.rests, func(on string) bool { return failures[on] != "" }); i >= 0 {
			f = notTried(failures[y.rests[i]])
		} else {
			f = y.look(ctx)
		}
		switch f.state {
		case Failed:
			failures[y.name] = y.name
		case NotTried:
			failures[y.name] = f.on
		case OK, Warning:
		}
		note(y.name, f)
	}
}

// summed is a layer that is as its worst object. Objects that were not tried count only where none was.
func summed(objects []Object, on string, well string) finding {
	count := map[State]int{}
	for _, o := range objects {
		count[o.State]++
	}
	out := ok(well)
	switch {
	case count[Failed] > 0:
		out = failed(told(objects, Failed))
	case count[Warning] > 0:
		out = warning(told(objects, Warning))
	case count[NotTried] > 0 && count[NotTried] == len(objects):
		out = notTried(on)
	case count[NotTried] > 0:
		out.reason = told(objects, NotTried)
	}
	out.objects = objects
	return out
}

// told counts the objects of a state.
func told(objects []Object, state State) string {
	var names []string
	for _, o := range objects {
		if o.State == state {
			names = append(names, o.Name)
		}
	}
	what := map[State]string{OK: "well", Failed: "failed", Warning: "not well", NotTried: "not tried"}[state]
	return counted(len(names), len(objects)) + " " + what
}

func list(names []string) string { return strings.Join(names, ", ") }
