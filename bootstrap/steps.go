package bootstrap

import (
	"context"
	"slices"

	"github.com/uc-cdis/gen3-bootstrap/helminstall"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/accesskey"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/oidcprovider"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/policy"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/principal"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/user"
	"github.com/uc-cdis/gen3-bootstrap/kube"
)

// steps are what a run in this mode consists of. Each field is nil where the mode has no such step.
type steps struct {
	record   *recordKeeper
	release  *operatorStep
	policy   *policy.Up
	user     *user.Up
	key      *accesskey.Up
	global   *globalUser
	provider *oidcprovider.Up
	role     *roleStep

	left *leftovers // what earlier ups made
}

// guard is what a step asks before a write that only one run may make; the lock puts itself there.
type guard struct{ ask func() error }

func (g *guard) Check() error {
	if g.ask == nil {
		return nil
	}
	return g.ask()
}

// assemble builds the steps of this mode from the checked target.
func (t *target) assemble(lock *guard) *steps {
	s := t.settings
	out := &steps{record: &recordKeeper{client: t.kube, record: t.record, before: func() *Recorded { return t.last }, wanted: t.recorded}}
	named := s
	named.RoleName = t.roleName()
	out.left = t.leftoversOf(t.last, named)
	if !s.SkipHelm {
		out.release = &operatorStep{Step: t.releaseStep(), version: s.Gen3Version, irsa: s.IRSA, find: t.findGen3}
	}
	if s.usesPolicy() {
		out.policy = t.policyStep()
	}
	if s.usesKeys() {
		out.user = t.userStep(out.policy)
		out.key = t.keyStep(out.user.Lookup, lock)
	}
	if s.UseGlobalUser {
		out.global = &globalUser{irsa: s.IRSA, secrets: &kube.KeySecrets{Client: t.kube, Namespace: s.Namespace, Names: []string{s.GlobalUserSecret}}}
	}
	if s.IRSA {
		out.provider, out.role = t.providerStep(), t.roleStep(out.policy)
	}
	return out
}

func (t *target) releaseStep() *helminstall.Step {
	settings := t.settings.helm()
	settings.NamespaceMade = t.namespace == nil && t.settings.Namespace == settings.Namespace // by the step of the record
	return &helminstall.Step{
		Config: t.kube.Config, Client: t.kube, Now: t.env.Now, Log: t.env.Log,
		Settings: settings, HolderAlive: t.holderAlive, Invocation: t.settings.invocation(),
	}
}

// holderAlive reports whether another run may be at work on a release in a namespace: it would hold the lock. Where that
// cannot be told, it may be.
func (t *target) holderAlive(ctx context.Context, namespace string) bool {
	lock, err := t.kube.LockState(ctx, namespace, kube.ReleaseLockName)
	if err != nil {
		t.env.Log.Debug("look for other runs", "error", err)
		return true
	}
	return lock.MayLive(t.self, t.env.Now())
}

// helm is the chart's part of the settings, with what it shares with the rest.
func (s Settings) helm() helminstall.Settings {
	out := s.Helm
	out.Adopt, out.Timeout = s.Adopt, s.Timeout
	return out
}

func (t *target) policyStep() *policy.Up {
	s := t.settings
	return &policy.Up{
		Up: t.making(), PolicyName: s.PolicyName, Path: s.IAMPath,
		Scope: policy.Scope{Region: s.Region, Prefixes: s.SecretPrefixes, KMSKeys: s.KMSKeys, AllowPush: s.AllowPush},
	}
}

// making is what every resource in IAM is made by.
func (t *target) making() iamsetup.Up {
	s := t.settings
	return iamsetup.Up{API: t.aws.IAM, Account: t.account(), Owner: t.owner(), Pace: t.pace(), Tags: s.tags(), Adopt: s.Adopt, Invocation: s.invocation()}
}

// principal is what the user and the role are made by.
func (t *target) principal(policy *policy.Up) principal.Up {
	s := t.settings
	return principal.Up{Up: t.making(), Path: s.IAMPath, Boundary: s.PermissionsBoundary, PolicyARN: policy.ARN()}
}

func (t *target) userStep(policy *policy.Up) *user.Up {
	return &user.Up{Up: t.principal(policy), Lookup: &principal.UserLookup{API: t.aws.IAM, UserName: t.settings.UserName}}
}

func (t *target) keyStep(lookup *principal.UserLookup, lock *guard) *accesskey.Up {
	s := t.settings
	return &accesskey.Up{
		AWS: t.aws, Lookup: lookup, Owner: t.owner(), Pace: t.pace(), Adopt: s.Adopt,
		Store:   &kube.KeySecrets{Client: t.kube, Namespace: s.Namespace, Names: s.KeySecretNames(), Adopt: s.Adopt},
		Earlier: t.earlierSecrets(), Guard: lock.Check, Lagging: t.lagging, Unlocked: t.unlocked(),
	}
}

// unlocked reports that a namespace has no Lease, so that nothing tells whether a run was at work there a moment ago: whoever may
// delete Leases can have deleted it.
func (t *target) unlocked() bool { return t.lease == nil && t.namespace != nil }

// earlierSecrets are those that the record names for this user and the settings do not: they still hold its key.
func (t *target) earlierSecrets() accesskey.Store {
	s := t.settings
	var names []string
	for _, e := range t.last.entries() {
		if e.Account == s.Account && e.UserName == s.UserName {
			names = append(names, without(e.SecretNames, s.KeySecretNames())...)
		}
	}
	if len(names) == 0 {
		return nil
	}
	slices.Sort(names)
	return &kube.KeySecrets{Client: t.kube, Namespace: s.Namespace, Names: slices.Compact(names)}
}

// nodes are the steps in the order in which they are shown, with their chains.
func (s *steps) nodes() []node {
	out := []node{{step: s.record}}
	if s.release != nil {
		out = append(out, node{s.release, []string{RecordStep}})
	}
	if s.policy != nil {
		out = append(out, node{s.policy, []string{RecordStep}})
	}
	if s.user != nil {
		out = append(out, node{s.user, []string{policy.Step}}, node{s.key, []string{user.Step}})
	}
	if s.global != nil {
		out = append(out, node{s.global, nil})
	}
	if s.role != nil {
		out = append(out, node{s.provider, []string{RecordStep}}, node{s.role, []string{policy.Step, oidcprovider.Step}})
	}
	return out
}

// warnings collects what the steps have to say beside their changes.
func (s *steps) warnings() []string {
	var out []string
	if s.release != nil {
		out = append(out, s.release.Warnings()...)
	}
	if s.global != nil {
		out = append(out, s.global.Warnings()...)
	}
	if s.user != nil {
		out = append(out, s.user.Warnings()...)
	}
	if s.role != nil {
		out = append(out, s.role.Warnings()...)
	}
	return append(out, s.left.warnings()...)
}

// HelmStep is the name of the step that owns the release.
const HelmStep = "helm-release"

func without(list, gone []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return slices.Contains(gone, s) })
}
