package bootstrap

import (
	"context"
	"fmt"
	"slices"

	"github.com/uc-cdis/gen3-bootstrap/helminstall"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/accesskey"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/oidcprovider"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/policy"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/principal"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/reading"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/user"
	"github.com/uc-cdis/gen3-bootstrap/internal/credential"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
	"github.com/uc-cdis/gen3-bootstrap/kube"
	"github.com/uc-cdis/gen3-bootstrap/kube/readers"
)

// Steps are what a run in this mode consists of. Nodes is the one list of them; the fields beside it name those that somebody
// has more to ask than what every step answers, and are nil where the mode has no such step.
type Steps struct {
	Nodes   []Node // in the order in which they are shown
	Release *operatorStep
	Policy  *policy.Up
	User    *user.Up
	Key     *accesskey.Up
	Role    *roleStep

	Left *leftovers // what earlier ups made
}

// Guard is what a step asks before a write that only one run may make; the lock puts itself there.
type Guard struct{ Ask func() error }

func (g *Guard) Check() error {
	if g.Ask == nil {
		return nil
	}
	return g.Ask()
}

// Assemble builds the steps of this mode from the checked target.
func (t *Target) Assemble(lock *Guard) *Steps {
	s := t.Settings
	named := s
	named.RoleName = t.roleName()
	out := &Steps{Left: t.leftoversOf(t.Last, named)}
	add := func(n Node) { out.Nodes = append(out.Nodes, n) }
	add(Node{
		Step:  &recordKeeper{client: t.Kube, record: t.Record, before: func() *Recorded { return t.Last }, wanted: t.recorded},
		needs: func(bool) Needs { return t.recordNeeds() },
	})
	if !s.SkipHelm {
		release := &operatorStep{Step: t.ReleaseStep(), version: s.Gen3Version, irsa: s.IRSA, find: t.findGen3, readOnly: s.usesPolicy() && !s.AllowPush, lacksStore: t.External.LacksClusterStore}
		out.Release = release
		add(Node{
			Step: release, after: []string{RecordStep}, warnings: release.Warnings, needs: release.needs, output: release.output,
			ownership: func() iamsetup.Ownership { return iamsetup.Ownership{Ours: release.Ours()} },
		})
	}
	var rights *policy.Up
	if s.usesPolicy() {
		rights = t.policyStep()
		out.Policy = rights
		add(Node{
			Step: rights, after: []string{RecordStep}, ownership: rights.Ownership,
			output: func(o *Outputs) { o.PolicyARN = rights.ARN() },
		})
	}
	if s.UsesKeys() {
		who := t.userStep(rights)
		key := t.keyStep(who.Lookup, lock)
		out.User, out.Key = who, key
		add(Node{
			Step: who, after: []string{policy.Step}, warnings: who.Warnings, ownership: who.Ownership,
			output: func(o *Outputs) { o.UserARN = who.ARN() },
		})
		before := []string{user.Step}
		if out.Release != nil { // a run that fails in the release has minted no key
			before = append(before, HelmStep)
		}
		add(Node{Step: key, after: before, warnings: key.Warnings, needs: t.keyNeeds, output: keyOutput(key, s.Namespace, s.KeySecretNames())})
	}
	if s.UseGlobalUser {
		global := &globalUser{irsa: s.IRSA, secrets: &kube.KeySecrets{Client: t.Kube, Namespace: s.Namespace, Names: []string{s.GlobalUserSecret}}}
		add(Node{Step: global, warnings: global.Warnings})
	}
	if s.IRSA {
		provider, taken := t.providerStep(), t.roleStep(rights)
		out.Role = taken
		add(Node{Step: provider, after: []string{RecordStep}, ownership: provider.Ownership})
		add(Node{
			Step: taken, after: []string{policy.Step, oidcprovider.Step}, warnings: taken.Warnings, ownership: taken.Ownership,
			output: func(o *Outputs) { o.RoleARN = taken.ARN() },
		})
	}
	return out
}

func (t *Target) ReleaseStep() *helminstall.Step {
	settings := t.Settings.helm()
	settings.NamespaceMade = t.Namespace == nil && t.Settings.Namespace == settings.Namespace // by the step of the record
	return &helminstall.Step{
		Config: t.Kube.Config, Client: t.Kube, Now: t.Env.Now, Log: t.Env.Log,
		Settings: settings, HolderAlive: t.holderAlive, Invocation: t.Settings.Invocation(), StoreNamespace: t.Settings.Namespace,
	}
}

// holderAlive reports whether another run may be at work on a release in a namespace: it would hold the lock. Where that
// cannot be told, it may be.
func (t *Target) holderAlive(ctx context.Context, namespace string) bool {
	lock, err := t.Kube.LockState(ctx, namespace, kube.ReleaseLockName)
	if err != nil {
		t.Env.Log.Debug("look for other runs", "error", err)
		return true
	}
	return lock.MayLive(t.Self, t.Env.Now())
}

// helm is the chart's part of the settings, with what it shares with the rest.
func (s Settings) helm() helminstall.Settings {
	out := s.Helm
	out.Adopt, out.Timeout = s.Adopt, s.Timeout
	out.ReleaseGiven = out.ReleaseGiven || s.Given["release"] != "" || s.Given["release-namespace"] != ""
	return out
}

func (t *Target) policyStep() *policy.Up {
	s := t.Settings
	return &policy.Up{
		Up: t.making(), PolicyName: s.PolicyName, Path: s.IAMPath,
		Scope: policy.Scope{Region: s.Region, Prefixes: s.SecretPrefixes, Names: s.ReadNames, KMSKeys: s.KMSKeys, AllowPush: s.AllowPush, Pushed: s.PushNames},
	}
}

// making is what every resource in IAM is made by.
func (t *Target) making() iamsetup.Up {
	s := t.Settings
	return iamsetup.Up{API: t.Aws.IAM, Account: t.Account(), Owner: t.Owner(), Pace: t.Pace(), Tags: s.tags(), Adopt: s.Adopt, Invocation: s.Invocation()}
}

// Marks are the tags of what this run makes in AWS.
func (t *Target) Marks() iamsetup.Tags {
	making := t.making()
	return making.Marks()
}

// principal is what the user and the role are made by.
func (t *Target) principal(policy *policy.Up) principal.Up {
	s := t.Settings
	return principal.Up{Up: t.making(), Path: s.IAMPath, Boundary: s.PermissionsBoundary, PolicyARN: policy.ARN()}
}

func (t *Target) userStep(policy *policy.Up) *user.Up {
	return &user.Up{Up: t.principal(policy), Lookup: &principal.UserLookup{API: t.Aws.IAM, UserName: t.Settings.UserName}}
}

func (t *Target) keyStep(lookup *principal.UserLookup, lock *Guard) *accesskey.Up {
	s := t.Settings
	return &accesskey.Up{
		AWS: t.Aws, Lookup: lookup, Owner: t.Owner(), Pace: t.Pace(), Adopt: s.Adopt,
		Store:   &kube.KeySecrets{Client: t.Kube, Namespace: s.Namespace, Names: s.KeySecretNames(), Adopt: s.Adopt},
		Earlier: t.earlierSecrets(), Guard: lock.Check, Lagging: t.lagging, Unlocked: t.Unlocked(),
		Readers: t.readers(), Read: t.mayRead, MountLag: s.Timing.MountLag,
	}
}

// mayRead reads from Secrets Manager with a key. An error means that the key may not.
func (t *Target) mayRead(ctx context.Context, key credential.Key) error {
	reader, canary := reading.WithKey(t.Aws, key), t.Settings.Canary()
	if canary == "" {
		return reader.MayList(ctx)
	}
	answer, err := reader.Try(ctx, canary)
	switch {
	case err != nil:
		return err
	case answer.State == reading.Denied || answer.Credentials():
		return fmt.Errorf("read from Secrets Manager with access key %s: %s", key.ID, answer.Says)
	}
	return nil
}

// readers are those who read the key's Secrets.
func (t *Target) readers() accesskey.Readers {
	return &readers.Readers{Client: t.Kube, External: t.External, Now: t.Env.Now, Poll: t.Settings.Timing.Poll, Limit: t.Settings.Timing.Refresh}
}

func keyOutput(key *accesskey.Up, namespace string, secrets []string) func(*Outputs) {
	return func(o *Outputs) {
		o.AccessKeyID = key.KeyID()
		for _, name := range secrets {
			o.Secrets = append(o.Secrets, namespace+"/"+name)
		}
	}
}

// Unlocked reports that a namespace has no Lease, so that nothing tells whether a run was at work there a moment ago: whoever may
// delete Leases can have deleted it.
func (t *Target) Unlocked() bool { return t.lease == nil && t.Namespace != nil }

// earlierSecrets are those that the record names for this user and the settings do not: they still hold its key.
func (t *Target) earlierSecrets() accesskey.Store {
	s := t.Settings
	names := words.Without(t.Last.SecretsOf(Made{Account: s.Account, Name: s.UserName}), s.KeySecretNames())
	if len(names) == 0 {
		return nil
	}
	slices.Sort(names)
	return &kube.KeySecrets{Client: t.Kube, Namespace: s.Namespace, Names: names}
}

// Without leaves out steps by their names.
func (s *Steps) Without(names ...string) {
	s.Nodes = slices.DeleteFunc(s.Nodes, func(n Node) bool { return slices.Contains(names, n.Name()) })
}

// Warnings collects what the steps have to say beside their changes.
func (s *Steps) Warnings() []Warning {
	var out []Warning
	for _, n := range s.Nodes {
		if n.warnings != nil {
			out = append(out, Warned(n.Name()+"-note", n.warnings()...)...)
		}
	}
	return append(out, Warned("left-by-earlier-up", s.Left.warnings()...)...)
}

// Ownership is whose the resource of a step was when it was last observed.
func (s *Steps) Ownership(step string) iamsetup.Ownership {
	for _, n := range s.Nodes {
		if n.Name() == step && n.ownership != nil {
			return n.ownership()
		}
	}
	return iamsetup.Ownership{}
}

// outputs collects the names that the steps know.
func (s *Steps) outputs() Outputs {
	var out Outputs
	for _, n := range s.Nodes {
		if n.output != nil {
			n.output(&out)
		}
	}
	return out
}

// HelmStep is the name of the step that owns the release.
const HelmStep = "helm-release"
