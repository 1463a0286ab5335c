package teardown

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/helminstall"
	"github.com/uc-cdis/gen3-bootstrap/helminstall/chartsource"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/accesskey"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/oidcprovider"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/policy"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/principal"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/role"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/user"
	"github.com/uc-cdis/gen3-bootstrap/internal/credential"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
	"github.com/uc-cdis/gen3-bootstrap/kube"
)

// assemble builds what goes from the names, each after what it has to wait for: users after their keys, policies after
// whom they are attached to, Secrets after the keys that they may prove to be ours.
func (t *teardown) assemble() {
	t.names = t.Settings.Recall(t.recorded(), t.owner)
	t.known = bootstrap.Settings{Account: t.Settings.Account}.Recall(t.recorded(), t.owner)
	t.nameWhatIsAskedFor()
	base := iamsetup.Removal{
		API: t.Target.Aws.IAM, Account: t.Target.Account(), Owner: t.owner, Pace: t.Target.Pace(), Guard: t.Lock.Check, Now: t.Env.Now, Believe: t.Target.TrustIAM,
		TaggedOnly: t.options.ClusterID != "",
	}
	t.all = nil
	t.addReleases()
	keys, users := t.addUsers(base)
	t.addSecrets(keys)
	roles := t.addRoles(base)
	t.addProviders(base, roles)
	t.addPolicies(base, append(users, roles...))
}

// nameWhatIsAskedFor adds what a flag wants deleted and the record does not name, since an earlier teardown took it out.
func (t *teardown) nameWhatIsAskedFor() {
	if t.options.DeleteCRDs && len(t.names.Releases) == 0 {
		d := t.Settings.Named()
		t.names.Releases = []bootstrap.ReleaseName{{Namespace: d.Helm.Namespace, Name: d.Helm.Release}}
	}
	if len(t.names.Issuers) == 0 && t.issuer != "" {
		t.names.Issuers = []string{t.issuer}
	}
}

// add puts an ending behind those before it, only to be looked at when its step is not to go.
func (t *teardown) add(r remover, takes func(bootstrap.Made) bool, after ...*ending) *ending {
	e := &ending{remover: r, after: after, idle: !t.options.wants(r.Name()), takes: takes}
	t.all = append(t.all, e)
	return e
}

// removal is base for one step. What the record does not name is not waited for: no run a moment ago made it.
func (t *teardown) removal(base iamsetup.Removal, step string, recorded bool) iamsetup.Removal {
	base.LookOnly = !t.options.wants(step)
	if !recorded && t.recorded() != nil {
		base.Believe = time.Time{}
	}
	base.Waiting = func(message string) {
		t.Env.Sink.Emit(event.Event{Time: t.Env.Now(), Type: event.Waiting, Step: step, Message: message})
	}
	return base
}

func (t *teardown) addReleases() {
	if t.external == nil || t.Settings.SkipHelm || !t.options.wants(bootstrap.HelmStep) {
		return
	}
	for _, name := range t.names.Releases {
		step := t.Target.ReleaseStep()
		step.Settings = helminstall.Settings{
			Release: name.Name, Namespace: name.Namespace, Chart: chartsource.DefaultChart, Repo: chartsource.DefaultRepo, Timeout: t.Settings.Timeout,
		}
		t.add(&releaseRemoval{
			step: step, client: t.Target.Kube, external: t.external, namespace: t.Target.Settings.Namespace,
			deleteCRDs: t.options.DeleteCRDs, check: func() error { return t.mayWriteRelease(name.Namespace) },
		}, func(m bootstrap.Made) bool {
			return m.Kind == plan.HelmRelease && m.Name == name.Name && m.Namespace == name.Namespace
		})
	}
}

func (t *teardown) addUsers(base iamsetup.Removal) (keys, users []*ending) {
	for _, name := range t.names.Users {
		recorded := slices.Contains(t.known.Users, name)
		lookup := &principal.UserLookup{API: t.Target.Aws.IAM, UserName: name}
		key := &accesskey.Removal{Removal: t.removal(base, accesskey.Step, recorded), AWS: t.Target.Aws, Lookup: lookup, Unlocked: t.Target.Unlocked()}
		ending := t.add(key, nil)
		keys = append(keys, ending)
		users = append(users, t.add(&user.Removal{
			Removal: t.removal(base, user.Step, recorded), Lookup: lookup, Keys: key, Policies: t.policyARNs(),
		}, func(m bootstrap.Made) bool {
			return m.Kind == plan.IAMUser && m.Name == name && (ending.idle || ending.settled()) // else the next run would not find its keys
		}, ending))
	}
	return keys, users
}

func (t *teardown) secretStore(names []string) *kube.KeySecrets {
	return &kube.KeySecrets{Client: t.Target.Kube, Namespace: t.Target.Settings.Namespace, Names: names}
}

func (t *teardown) addSecrets(after []*ending) {
	if t.Target.Kube == nil || len(t.names.Secrets) == 0 {
		return
	}
	secrets := &secretsRemoval{secrets: t.secretStore(t.names.Secrets), check: t.Lock.Check, whose: func(ctx context.Context, key credential.Key) (string, error) {
		return accesskey.Whose(ctx, t.Target.Aws, key)
	}}
	for _, e := range after {
		if key, ok := e.remover.(*accesskey.Removal); ok {
			secrets.keys = append(secrets.keys, key)
		}
	}
	if last := t.recorded(); last != nil && last.UseGlobalUser {
		secrets.global = t.Target.Settings.Namespace + "/" + last.GlobalUserSecret
	}
	t.add(secrets, func(m bootstrap.Made) bool {
		inUse := len(t.options.Only) > 0 && slices.Contains(secrets.left(), m.Name) // by what the record goes on to name
		return m.Kind == plan.Secret && slices.Contains(t.names.Secrets, m.Name) && !inUse
	}, after...)
}

func (t *teardown) policyARNs() []string {
	out := make([]string, 0, len(t.names.Policies))
	for _, p := range t.names.Policies {
		out = append(out, t.Target.Account().PolicyARN(p.Path, p.Name))
	}
	return out
}

func (t *teardown) addRoles(base iamsetup.Removal) (roles []*ending) {
	for _, name := range t.names.Roles {
		recorded := slices.ContainsFunc(t.known.Roles, func(r bootstrap.RoleName) bool { return r.Name == name.Name })
		roles = append(roles, t.add(&role.Removal{
			Removal: t.removal(base, role.Step, recorded), RoleName: name.Name, Policies: t.policyARNs(),
		}, func(m bootstrap.Made) bool { return m.Kind == plan.IAMRole && m.Name == name.Name }))
	}
	return roles
}

func (t *teardown) addProviders(base iamsetup.Removal, after []*ending) {
	var roles []oidcprovider.Truster
	for _, e := range after {
		if r, ok := e.remover.(*role.Removal); ok {
			roles = append(roles, r)
		}
	}
	for _, issuer := range t.names.Issuers {
		t.add(&oidcprovider.Removal{
			Roles:   roles,
			Removal: t.removal(base, oidcprovider.Step, slices.Contains(t.known.Issuers, issuer)), Issuer: issuer, Delete: t.options.DeleteProvider,
		}, func(m bootstrap.Made) bool { return m.Kind == plan.OIDCProvider && m.Name == issuer }, after...)
	}
}

func (t *teardown) addPolicies(base iamsetup.Removal, bearers []*ending) {
	for i, arn := range t.policyARNs() {
		name := t.names.Policies[i]
		removal := &policy.Removal{
			Removal: t.removal(base, policy.Step, slices.Contains(t.known.Policies, name)), ARN: arn,
		}
		for _, e := range bearers {
			if b, ok := e.remover.(policy.Bearer); ok {
				removal.Bearers = append(removal.Bearers, b)
			}
		}
		t.add(removal, func(m bootstrap.Made) bool {
			return m.Kind == plan.IAMPolicy && m.Name == name.Name && strings.EqualFold(m.Path, name.Path)
		}, bearers...)
	}
}
