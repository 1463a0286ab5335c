package status

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/accesskey"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
	"github.com/uc-cdis/gen3-bootstrap/kube"
	"github.com/uc-cdis/gen3-bootstrap/kube/external"
)

// LockStep is what StatusResult.Unread calls the Lease, which is no step of up.
const LockStep = "lock"

func (v *status) readLock(ctx context.Context) {
	lock, err := v.target.Kube.LockState(ctx, v.target.Settings.Namespace, kube.RecordName)
	v.unread(LockStep, err)
	if lock != nil && lock.Holder != nil {
		v.result.Lock = &Lock{Holder: lock.Holder.String(), Renewed: lock.Renewed, Expires: lock.Expires}
	}
}

// readSecrets looks into the Secrets by themselves, so that they are told also where IAM may not be read.
func (v *status) readSecrets(ctx context.Context) {
	s := v.target.Settings
	var names []string
	if s.UsesKeys() {
		names = s.KeySecretNames()
	}
	if s.UseGlobalUser {
		names = append(names, s.GlobalUserSecret)
	}
	for _, name := range names {
		v.readSecret(ctx, name)
	}
	v.readEarlier(ctx)
	v.result.Secrets = append(v.result.Secrets, v.held...)
	if s.UseGlobalUser {
		v.readGlobalKey(ctx)
	}
}

// readGlobalKey asks IAM about the key of a user that somebody else keeps.
func (v *status) readGlobalKey(ctx context.Context) {
	for _, h := range v.held {
		if h.KeyID == "" || h.Name != v.target.Settings.Namespace+"/"+v.target.Settings.GlobalUserSecret {
			continue
		}
		info, err := accesskey.Find(ctx, v.target.Aws, h.KeyID)
		if err != nil {
			v.doubt()
			v.unread(accesskey.Step, err)
		}
		if info != nil {
			v.mu.Lock()
			v.infos = append(v.infos, *info)
			v.mu.Unlock()
		}
	}
}

// readObjects tells of each object of the namespace whether it is well, and if not why: its newest warning says more
// than its condition.
func (v *status) readObjects(ctx context.Context) {
	namespace := v.target.Settings.Namespace
	var found external.Found
	var causes map[string]string
	errs := bootstrap.Together(
		func() (err error) { found, err = v.target.External.List(ctx, namespace); return err },
		func() (err error) { causes, err = v.target.External.Causes(ctx, namespace); return err },
	)
	for _, err := range errs {
		v.unread("", err)
	}
	for _, u := range found.Unread {
		if !u.ClusterWide {
			v.unread("", u.Err)
		}
	}
	for _, o := range found.Objects {
		if o.Namespace != namespace {
			continue
		}
		object := Object{Kind: o.Kind, Name: o.Name, Ready: o.Ready}
		if o.Ready != "True" {
			object.Reason = cmp.Or(causes[o.Ref()], strings.TrimPrefix(o.Reason+": "+o.Message, ": "))
			object.Reason = strings.TrimSuffix(object.Reason, ": ")
			object.Hint = v.kmsHint(object.Reason)
		}
		v.result.Objects = append(v.result.Objects, object)
	}
	slices.SortFunc(v.result.Objects, func(a, b Object) int {
		return cmp.Or(-strings.Compare(a.Kind, b.Kind), strings.Compare(a.Name, b.Name)) // stores before what reads from them
	})
}

// describeKeys joins what IAM says of the keys with the Secrets that hold them.
func (v *status) describeKeys() {
	now := v.target.Aws.Clock.Now()
	for _, info := range v.infos {
		k := Key{
			ID: info.ID, User: info.UserName, Active: info.Active, Created: info.Created, AgeSeconds: int64(now.Sub(info.Created).Seconds()),
			Service: info.Service, UseUnread: info.Unread, Owner: info.Owner, Ours: info.Ours, Secrets: []string{},
		}
		if !info.LastUsed.IsZero() {
			k.LastUsed = &info.LastUsed
		}
		for _, h := range v.held {
			if h.KeyID == info.ID {
				k.Secrets = append(k.Secrets, h.Name)
			}
		}
		k.InUse = len(k.Secrets) > 0
		v.result.Keys = append(v.result.Keys, k)
	}
}

// describeOwn says of keys and Secrets whose they are, as the IAM resources' tags do.
func (v *status) describeOwn() {
	for i := range v.result.Resources {
		r := &v.result.Resources[i]
		for _, k := range v.result.Keys {
			if r.Resource == plan.Of(plan.AccessKey, k.ID) {
				r.Ours = k.Ours
				if k.Owner != "" {
					r.Owners = []string{k.Owner}
				}
			}
		}
		for _, s := range v.result.Secrets {
			r.Ours = r.Ours || s.Ours && r.Resource == plan.At(plan.Secret, s.Name)
		}
	}
}

func (v *status) describeRelease() {
	if v.steps.Release == nil {
		return
	}
	step := v.steps.Release
	r := step.Release()
	if r.Name == "" && len(step.Operators()) == 0 || r.Revision == 0 && len(step.Operators()) == 0 {
		return
	}
	out := &Release{
		Name: r.Name, Namespace: r.Namespace, ChartVersion: r.ChartVersion, OperatorVersion: r.AppVersion, Revision: r.Revision,
		State: string(step.State()), Ours: step.Ours(), Operators: []string{}, ServedVersions: []string{},
	}
	for _, op := range step.Operators() {
		out.Operators = append(out.Operators, op.String())
		out.Available = out.Available || op.Available
	}
	if crds := step.CRDs(); len(crds) > 0 {
		out.ServedVersions = append(out.ServedVersions, crds[0].Served...)
	}
	v.result.Release = out
}

func (v *status) describeRole() {
	if v.steps.Role == nil || !v.steps.Role.Ownership().Exists {
		return
	}
	role := &Role{ARN: v.steps.Role.ARN(), Trusts: []string{}}
	named, others := v.steps.Role.LetIn()
	for _, who := range named {
		role.Trusts = append(role.Trusts, who.Issuer+" "+who.Subject)
	}
	role.OtherStatements = others
	v.result.Role = role
}
