package bootstrap

import (
	"context"
	"errors"
	"fmt"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup/accesskey"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/principal"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/kube"
)

// Rotation is what rotate is asked for beside the settings.
type Rotation struct {
	accesskey.Rotation

	DryRun   bool
	UserName string // as it was given: a global user is never taken from a record or a default
}

// Rotate replaces the access key of a namespace by a new one, such that at each moment the Secrets hold one that works, or ends what an
// earlier rotation began. Empty names mean those of the last up.
func Rotate(ctx context.Context, s Settings, o Rotation, env Env) (Result, error) {
	s.SkipHelm = true
	r := NewRun("rotate", s, env)
	r.rotation = &o
	return r.Do(ctx, func(ctx context.Context, r *Run) error {
		if o.DryRun {
			_, err := r.prepare(ctx)
			return err
		}
		return r.up(ctx)
	})
}

// assembleRotation makes the one step of a rotation. The error is a mode that has no key to rotate.
func (t *Target) assembleRotation(lock *Guard, o Rotation) (*Steps, error) {
	s := t.Settings
	names := s.KeySecretNames()
	switch {
	case s.UseGlobalUser && o.UserName == "":
		return nil, hint.With(errors.New("rotate a global user's key: --user-name is missing"),
			"name the IAM user whose key Secret "+s.Namespace+"/"+s.GlobalUserSecret+" holds; with --dry-run first, which lists who else has that key")
	case s.UseGlobalUser:
		names = []string{s.GlobalUserSecret}
	case s.IRSA:
		return nil, hint.With(fmt.Errorf("rotate the key of namespace %s: the last up was with --irsa, which has no key", s.Namespace),
			"the operator gets a new token every hour by itself; gen3-bootstrap verify proves it")
	}
	key := t.keyStep(&principal.UserLookup{API: t.Aws.IAM, UserName: s.UserName}, lock)
	key.Store = &kube.KeySecrets{Client: t.Kube, Namespace: s.Namespace, Names: names, Adopt: s.Adopt}
	key.Earlier, key.Rotation, key.AnyUser = nil, &o.Rotation, s.UseGlobalUser
	return &Steps{Key: key, Left: &leftovers{unasked: "it is not asked"}, Nodes: []Node{
		{Step: key, warnings: key.Warnings, needs: t.rotationNeeds(names, o), output: keyOutput(key, s.Namespace, names)},
	}}, nil
}

// rotationNeeds are what a rotation takes in the cluster, beside the lock.
func (t *Target) rotationNeeds(secrets []string, o Rotation) func(bool) Needs {
	return func(pending bool) Needs {
		var out Needs
		if !pending {
			return out
		}
		namespace := t.Settings.Namespace
		out.AddLock(namespace, kube.RecordName)
		for _, name := range secrets {
			out.Add(namespace, "", "secrets", name, "get", "update")
		}
		out.Add(namespace, "", "pods", "", "list")
		out.Add(namespace, "external-secrets.io", "externalsecrets", "", "list", "patch")
		out.Add(namespace, "external-secrets.io", "secretstores", "", "list")
		if o.Restart {
			for _, kind := range []string{"deployments", "statefulsets", "daemonsets"} {
				out.Add(namespace, "apps", kind, "", "get", "patch")
			}
		}
		return out
	}
}
