package verify

import (
	"context"
	"fmt"
	"slices"

	"github.com/uc-cdis/gen3-bootstrap/internal/credential"
	"github.com/uc-cdis/gen3-bootstrap/internal/printable"
	"github.com/uc-cdis/gen3-bootstrap/kube/external"
)

// wanted is what a store has to refer to.
type wanted struct {
	namespace, region string
	secrets           []string // any of these, by name; none with a role
	account           string   // the ServiceAccount; "" with a key
	operatorWell      bool     // what it says of itself counts
	credentialsWell   bool
}

// stores: each SecretStore refers to what up made, and each store that an ExternalSecret names is there.
func (l *look) stores(context.Context) finding {
	if err := l.cluster.objectsErr; err != nil {
		return l.unasked(err)
	}
	if len(l.cluster.served) == 0 { // there can be none
		return notTried(cmpFailed(l.states, OperatorLayer, APILayer))
	}
	for _, u := range l.cluster.objects.Unread {
		if !u.ClusterWide {
			return l.unasked(u.Err)
		}
	}
	judged := l.judged()
	if len(judged) == 0 {
		return ok("there is none in the namespace yet: the gen3 chart makes it")
	}
	return summed(judged, "", told(judged, OK))
}

// cmpFailed is the first of the layers that is not well.
func cmpFailed(states map[string]State, names ...string) string {
	for _, name := range names {
		if states[name] == Failed {
			return name
		}
	}
	return names[len(names)-1]
}

// judgeStores are the stores that matter to the namespace, and those that are missing.
func (l *look) judgeStores() []Object {
	s := l.target.Settings
	w := wanted{namespace: s.Namespace, region: s.Region, operatorWell: l.well(OperatorLayer), credentialsWell: l.by.Reader != nil}
	if s.IRSA {
		w.account = s.ServiceAccount
	} else {
		w.secrets = slices.Concat(l.keySecrets().Names, l.cluster.copies)
	}
	objects := l.cluster.objects.Objects
	var out []Object
	for _, o := range objects {
		used := slices.ContainsFunc(objects, func(e external.Object) bool { return e.Kind == "ExternalSecret" && e.Uses(o) })
		if o.Kind == "SecretStore" || o.Kind == "ClusterSecretStore" && used {
			out = append(out, judgeStore(o, used, w))
		}
	}
	return append(out, l.missingStores()...)
}

// missingStores are those that ExternalSecrets name and nobody made. Where stores of the whole cluster may not be listed, nothing is
// known of those.
func (l *look) missingStores() []Object {
	objects := l.cluster.objects.Objects
	hidden := slices.ContainsFunc(l.cluster.objects.Unread, func(u external.Unread) bool { return u.ClusterWide })
	var out []Object
	for _, e := range objects {
		if e.Kind != "ExternalSecret" {
			continue
		}
		for _, ref := range e.Stores {
			known := slices.ContainsFunc(objects, func(o external.Object) bool { return o.Kind == ref.Kind && o.Name == ref.Name })
			told := slices.ContainsFunc(out, func(o Object) bool { return o.Kind == ref.Kind && o.Name == ref.Name })
			if known || told || ref.Name == "*" || ref.Kind == "ClusterSecretStore" && hidden {
				continue
			}
			cure := "set it up in the gen3 chart's values, or correct the name"
			if ref.Kind == "ClusterSecretStore" {
				cure = "the gen3 chart makes none: take global.externalSecrets.clusterSecretStoreRef out of its values, or make the store"
			}
			out = append(out, Object{
				Kind: ref.Kind, Name: ref.Name, State: Failed, Hints: []string{cure},
				Reason: fmt.Sprintf("ExternalSecret %s names %s %s, and nobody made it", e.Name, ref.Kind, ref.Name),
			})
		}
	}
	return out
}

// judgeStore compares a store's spec with what up made; what the operator says of it counts where that is right.
func judgeStore(o external.Object, used bool, w wanted) Object {
	out := Object{Kind: o.Kind, Name: o.Name, State: OK, Hints: []string{}}
	reason, cure := miswired(o.Wiring, w)
	switch {
	case !o.Wiring.AWS, o.Wiring.Service != "SecretsManager" && !used:
		out.Reason = "it is not for Secrets Manager, and not judged"
	case reason != "":
		out.State, out.Reason, out.Hints = Failed, reason, []string{cure}
	case o.Wiring.Role != "" || o.Wiring.Session:
		out.State, out.Reason = Warning, "it takes role "+printable.Line(o.Wiring.Role)+" besides, or a session, so that what it may read cannot be judged"
	case o.Ready == "False" && w.operatorWell && w.credentialsWell:
		out.State, out.Reason = Failed, "the operator says: "+o.Reason+": "+o.Message
	default:
		out.Reason = "it refers to what up made"
	}
	return out
}

// miswired says in what a store differs from what it has to be, with the cure.
func miswired(x external.Wiring, w wanted) (reason, cure string) {
	const values = "give the gen3 chart the values that `gen3-bootstrap values` prints"
	none := external.Selector{}
	switch {
	case x.Service != "SecretsManager":
		return fmt.Sprintf("it is for AWS service %q, and not SecretsManager", x.Service), values
	case x.Region != w.region:
		return fmt.Sprintf("it reads from region %q, and --region is %s", x.Region, w.region), "set global.aws.region in the gen3 chart's values, or give that region to gen3-bootstrap"
	case x.Account == none && x.KeyID == none && x.KeySecret == none:
		return "it has no credentials at all", "global.aws.useLocalSecret leaves a store without: take it out; " + values
	case w.account != "":
		return differsFromRole(x, w), values
	}
	return differsFromKey(x, w), values
}

func differsFromRole(x external.Wiring, w wanted) string {
	switch {
	case x.Account.Name == "":
		return fmt.Sprintf("it signs in with Secret %s, and this namespace has a role for ServiceAccount %s", x.KeyID.Name, w.account)
	case x.Account.Name != w.account || x.Account.Namespace != w.namespace:
		return fmt.Sprintf("it signs in as ServiceAccount %s/%s, and the role is for %s/%s", x.Account.Namespace, x.Account.Name, w.namespace, w.account)
	}
	return ""
}

func differsFromKey(x external.Wiring, w wanted) string {
	for _, half := range []struct {
		at   external.Selector
		want string
	}{{x.KeyID, credential.EntryKeyID}, {x.KeySecret, credential.EntryKeySecret}} {
		switch {
		case half.at.Name == "":
			return "it signs in as ServiceAccount " + x.Account.Name + ", and this namespace has an access key"
		case !slices.Contains(w.secrets, half.at.Name) || half.at.Namespace != w.namespace:
			return fmt.Sprintf("it refers to Secret %s/%s, and the access key is in %s of namespace %s", half.at.Namespace, half.at.Name, list(w.secrets), w.namespace)
		case half.at.Key != half.want:
			return fmt.Sprintf("it refers to entry %q of Secret %s, which has %s", half.at.Key, half.at.Name, half.want)
		}
	}
	return ""
}
