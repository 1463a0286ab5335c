package status

import (
	"context"
	"slices"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup/accesskey"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/principal"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
	"github.com/uc-cdis/gen3-bootstrap/kube"
)

// readEarlier tells of the keys that earlier ups made for users of other names, and of the Secrets that hold them: they
// still work, and somebody may still read them.
func (v *status) readEarlier(ctx context.Context) {
	t := v.target
	for _, m := range t.Last.MadeOf(plan.Secret, t.Settings.Account) {
		v.readSecret(ctx, m.Name)
	}
	for _, m := range t.Last.MadeOf(plan.IAMUser, t.Settings.Account) {
		if t.Settings.UsesKeys() && m.Name == t.Settings.UserName || v.seen(m.Name) {
			continue
		}
		key := &accesskey.Up{
			AWS: t.Aws, Lookup: &principal.UserLookup{API: t.Aws.IAM, UserName: m.Name}, Owner: t.Owner(), Pace: t.Pace(),
			Store: &kube.KeySecrets{Client: t.Kube, Namespace: t.Settings.Namespace, Names: t.Last.SecretsOf(m)},
		}
		_, err := key.Observe(ctx)
		v.unread(accesskey.Step, err)
		v.readKeys(ctx, key, err)
	}
}

// seen reports whether the keys of a user were read already.
func (v *status) seen(user string) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.ContainsFunc(v.infos, func(i accesskey.Info) bool { return i.UserName == user })
}

// readSecret looks into one Secret, once.
func (v *status) readSecret(ctx context.Context, name string) {
	namespace := v.target.Settings.Namespace
	if slices.ContainsFunc(v.held, func(h Secret) bool { return h.Name == namespace+"/"+name }) {
		return
	}
	secrets := &kube.KeySecrets{Client: v.target.Kube, Namespace: namespace, Names: []string{name}}
	held, err := secrets.Observe(ctx)
	if err != nil {
		v.doubt()
		v.unread(accesskey.Step, err)
		return
	}
	h := held[0]
	v.held = append(v.held, Secret{Name: h.Name, Exists: h.Exists, Ours: h.Ours, Keeper: h.Keeper, KeyID: h.Key.ID, Complete: h.Complete})
}
