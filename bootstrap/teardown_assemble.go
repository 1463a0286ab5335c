package bootstrap

import (
	"context"
	"slices"
	"strings"
	"time"

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
	"github.com/uc-cdis/gen3-bootstrap/kube"
)

// assemble builds what goes from the names, each after what it has to wait for: users after their keys, policies after
// whom they are attached to, Secrets after the keys that they may prove to be ours.
func (t *teardown) assemble() {
	t.names = t.settings.recall(t.recorded(), t.owner)
	t.known = Settings{Account: t.settings.Account}.recall(t.recorded(), t.owner)
	t.nameWhatIsAskedFor()
	base := iamsetup.Removal{
		API: t.target.aws.IAM, Account: t.target.account(), Owner: t.owner, Pace: t.target.pace(), Guard: t.lock.Check, Now: t.env.Now, Believe: t.target.trustIAM,
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

// nameWhatIsAskedFor adds what a flag wants gone and the record, of an earlier teardown, names no more.
func (t *teardown) nameWhatIsAskedFor() {
	if t.options.DeleteCRDs && len(t.names.releases) == 0 {
		d := t.settings.named()
		t.names.releases = []releaseName{{d.Helm.Namespace, d.Helm.Release}}
	}
	if len(t.names.issuers) == 0 && t.issuer != "" {
		t.names.issuers = []string{t.issuer}
	}
}

// add puts an ending behind those before it, only to be looked at when its step is not to go.
func (t *teardown) add(r remover, forget func(*Recorded), after ...*ending) *ending {
	e := &ending{remover: r, after: after, idle: !t.options.wants(r.Name()), forget: forget}
	t.all = append(t.all, e)
	return e
}

// removal is base for one step. What the record does not name is not waited for: no run a moment ago made it.
func (t *teardown) removal(base iamsetup.Removal, step string, recorded bool) iamsetup.Removal {
	base.Idle = !t.options.wants(step)
	if !recorded && t.recorded() != nil {
		base.Believe = time.Time{}
	}
	base.Waiting = func(message string) {
		t.env.Sink.Emit(event.Event{Time: t.env.Now(), Type: event.Waiting, Step: step, Message: message})
	}
	return base
}

func (t *teardown) addReleases() {
	if t.external == nil || t.settings.SkipHelm || !t.options.wants(HelmStep) {
		return
	}
	for _, name := range t.names.releases {
		step := t.target.releaseStep()
		step.Settings = helminstall.Settings{
			Release: name.name, Namespace: name.namespace, Chart: chartsource.DefaultChart, Repo: chartsource.DefaultRepo, Timeout: t.settings.Timeout,
		}
		t.add(&releaseRemoval{
			step: step, client: t.target.kube, external: t.external, namespace: t.target.settings.Namespace,
			deleteCRDs: t.options.DeleteCRDs, check: func() error { return t.mayWriteRelease(name.namespace) },
		}, func(r *Recorded) {
			if r.Release == name.name && r.ReleaseNamespace == name.namespace {
				r.Release, r.ReleaseNamespace = "", ""
			}
		})
	}
}

func (t *teardown) addUsers(base iamsetup.Removal) (keys, users []*ending) {
	for _, name := range t.names.users {
		recorded := slices.Contains(t.known.users, name)
		lookup := &principal.UserLookup{API: t.target.aws.IAM, UserName: name}
		key := &accesskey.Removal{Removal: t.removal(base, accesskey.Step, recorded), AWS: t.target.aws, Lookup: lookup, Unlocked: t.target.unlocked()}
		ending := t.add(key, nil)
		keys = append(keys, ending)
		users = append(users, t.add(&user.Removal{
			Removal: t.removal(base, user.Step, recorded), Lookup: lookup, Keys: key, Policies: t.policyARNs(),
		}, func(r *Recorded) {
			if r.UserName == name && (ending.idle || ending.settled()) { // else its keys would be found no more
				r.UserName = ""
			}
		}, ending))
	}
	return keys, users
}

func (t *teardown) secretStore(names []string) *kube.KeySecrets {
	return &kube.KeySecrets{Client: t.target.kube, Namespace: t.target.settings.Namespace, Names: names}
}

func (t *teardown) addSecrets(after []*ending) {
	if t.target.kube == nil || len(t.names.secrets) == 0 {
		return
	}
	secrets := &secretsRemoval{secrets: t.secretStore(t.names.secrets), check: t.lock.Check, whose: func(ctx context.Context, key credential.Key) (string, error) {
		return accesskey.Whose(ctx, t.target.aws, key)
	}}
	for _, e := range after {
		if key, ok := e.remover.(*accesskey.Removal); ok {
			secrets.keys = append(secrets.keys, key)
		}
	}
	for _, e := range t.recorded().entries() {
		if e.GlobalUserSecret != "" {
			secrets.global = append(secrets.global, t.target.settings.Namespace+"/"+e.GlobalUserSecret)
		}
	}
	t.add(secrets, func(r *Recorded) {
		gone := t.names.secrets
		if len(t.options.Only) > 0 { // what is left may be in use by what the record goes on to name
			gone = without(gone, secrets.left())
		}
		r.SecretNames = without(r.SecretNames, gone)
	}, after...)
}

func (t *teardown) policyARNs() []string {
	out := make([]string, 0, len(t.names.policies))
	for _, p := range t.names.policies {
		out = append(out, t.target.account().PolicyARN(p.path, p.name))
	}
	return out
}

func (t *teardown) addRoles(base iamsetup.Removal) (roles []*ending) {
	for _, name := range t.names.roles {
		recorded := slices.ContainsFunc(t.known.roles, func(r roleName) bool { return r.name == name.name })
		roles = append(roles, t.add(&role.Removal{
			Removal: t.removal(base, role.Step, recorded), RoleName: name.name, Policies: t.policyARNs(),
		}, func(r *Recorded) {
			if r.RoleName == name.name {
				r.RoleName, r.ServiceAccount = "", ""
			}
		}))
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
	for _, issuer := range t.names.issuers {
		t.add(&oidcprovider.Removal{
			Roles:   roles,
			Removal: t.removal(base, oidcprovider.Step, slices.Contains(t.known.issuers, issuer)), Issuer: issuer, Delete: t.options.DeleteProvider,
		}, func(r *Recorded) {
			if r.OIDCIssuer == issuer {
				r.OIDCIssuer = ""
			}
		}, after...)
	}
}

func (t *teardown) addPolicies(base iamsetup.Removal, bearers []*ending) {
	for i, arn := range t.policyARNs() {
		name := t.names.policies[i]
		removal := &policy.Removal{
			Removal: t.removal(base, policy.Step, slices.Contains(t.known.policies, name)), ARN: arn,
		}
		for _, e := range bearers {
			if b, ok := e.remover.(policy.Bearer); ok {
				removal.Bearers = append(removal.Bearers, b)
			}
		}
		t.add(removal, func(r *Recorded) {
			if r.PolicyName == name.name && strings.EqualFold(r.IAMPath, name.path) {
				r.PolicyName, r.SecretPrefixes, r.KMSKeys, r.AllowPush = "", nil, nil, false
			}
		}, bearers...)
	}
}
