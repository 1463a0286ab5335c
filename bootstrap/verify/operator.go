package verify

import (
	"context"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap/gen3"
	"github.com/uc-cdis/gen3-bootstrap/helminstall"
	"github.com/uc-cdis/gen3-bootstrap/helminstall/chartsource"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/webhook"
)

// operator: one has to be available, whoever installed it.
func (l *look) operator(context.Context) finding {
	if err := l.cluster.runningErr; err != nil {
		return l.unasked(err)
	}
	return judgeOperator(l.cluster.running, l.cluster.unseen, l.invocation())
}

func judgeOperator(r helminstall.Running, unseen string, by hint.Invocation) finding {
	var names []string
	for _, op := range r.Operators {
		if op.Available {
			names = append(names, op.String())
		}
	}
	switch {
	case len(names) > 0:
		return ok(list(names) + " is available")
	case r.Trouble != "":
		return failed("no operator is available: "+r.Trouble, r.Hint)
	case unseen != "":
		return warning("whether an operator runs is not known: "+unseen, "it needs the verb list on deployments.apps in all namespaces")
	}
	return failed("no External Secrets Operator runs in this cluster", by.Command("up")+" installs one")
}

// webhook: without its answer no SecretStore and no ExternalSecret can be written.
func (l *look) webhook(context.Context) finding {
	if err := l.cluster.answerErr; err != nil {
		return l.unasked(err)
	}
	return judgeWebhook(l.cluster.answer, l.invocation())
}

func judgeWebhook(a webhook.Answer, by hint.Invocation) finding {
	switch a.State {
	case webhook.Answers:
		return ok("a dry run of a SecretStore was judged")
	case webhook.None:
		return ok("none is configured, so that nobody has to answer")
	case webhook.Unreachable:
		err := a.Err(by)
		return failed(err.Error(), hint.Lines(err)...)
	case webhook.Unknown:
	}
	return warning("whether it answers is not known: " + a.Cause)
}

// api: the gen3 chart writes its objects in one version of the API, and the CRDs have to serve that.
func (l *look) api(context.Context) finding {
	if err := l.cluster.servedErr; err != nil {
		return l.unasked(err)
	}
	return judgeAPI(l.cluster.served, l.cluster.gen3, l.target.Settings.Gen3Version, l.invocation())
}

func judgeAPI(served []string, found *gen3.Release, version string, by hint.Invocation) finding {
	if len(served) == 0 {
		return failed("the cluster serves no SecretStores and ExternalSecrets", by.Command("up")+" installs the operator's CRDs")
	}
	text := gen3.Misfit(version, found, served, "the CRDs")
	cure := by.Command("up", "--chart-version", chartsource.DefaultVersion) + " installs an operator that serves both versions"
	switch {
	case text == "":
		return ok("the CRDs serve " + list(served))
	case found == nil && version == "": // which chart will come is a guess
		return warning(text, cure)
	}
	return failed(text, cure)
}
