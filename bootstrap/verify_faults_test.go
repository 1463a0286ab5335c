package bootstrap_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap/verify"
	"github.com/uc-cdis/gen3-bootstrap/internal/kubetest"
)

func keyFaults() []fault {
	user := aws.String("external_secrets_user")
	policy := aws.String("arn:aws:iam::" + account + ":policy/external_secrets_policy")
	keyID := func(s *stage) string { return s.aws.Keys(*user)[0].ID }
	return slices.Concat([]fault{
		{name: "Secret absent", layer: "secret", state: verify.Failed, words: []string{"gen3-aws-config is not there", "gen3-bootstrap up"}, do: func(t *testing.T, s *stage) {
			kubetest.Must(t, s.kube.CoreV1().Secrets(s.settings.Namespace).Delete(t.Context(), "gen3-aws-config", metav1.DeleteOptions{}))
		}},
		{name: "one entry of three absent", layer: "secret", state: verify.Failed, words: []string{"has no entry secret-access-key"}, do: func(t *testing.T, s *stage) {
			patchData(t, s, "secret-access-key", nil)
		}},
		{name: "wrong secret half", layer: "access-key", state: verify.Failed, words: []string{"is not that of access key"}, do: func(t *testing.T, s *stage) {
			half := []byte("not+the+half/of+this+key")
			patchData(t, s, "secret-access-key", half)
			patchData(t, s, "credentials", fmt.Appendf(nil, "[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n", keyID(s), half))
		}},
		{name: "key deleted", layer: "access-key", state: verify.Failed, words: []string{"was deleted", "makes another one"}, do: func(t *testing.T, s *stage) {
			_, err := iamOf(s).DeleteAccessKey(t.Context(), &iam.DeleteAccessKeyInput{UserName: user, AccessKeyId: aws.String(keyID(s))})
			kubetest.Must(t, err)
		}},
		{name: "key inactive", layer: "access-key", state: verify.Failed, words: []string{"is inactive", "update-access-key"}, do: func(_ *testing.T, s *stage) {
			s.aws.SetKeyStatus(keyID(s), "Inactive")
		}},
		{name: "key inactive, and IAM may not be asked", layer: "access-key", state: verify.Failed, words: []string{"deleted, or is inactive"}, do: func(_ *testing.T, s *stage) {
			s.aws.SetKeyStatus(keyID(s), "Inactive")
			s.aws.Deny("iam:*")
		}},
		{name: "policy detached", layer: "permission", state: verify.Failed, words: []string{"is not attached", "attaches it"}, do: func(t *testing.T, s *stage) {
			_, err := iamOf(s).DetachUserPolicy(t.Context(), &iam.DetachUserPolicyInput{UserName: user, PolicyArn: policy})
			kubetest.Must(t, err)
		}},
		{name: "policy detached, and IAM may not be asked", layer: "permission", state: verify.Failed, words: []string{"no policy of it allows secretsmanager:GetSecretValue"}, do: func(t *testing.T, s *stage) {
			_, err := iamOf(s).DetachUserPolicy(t.Context(), &iam.DetachUserPolicyInput{UserName: user, PolicyArn: policy})
			kubetest.Must(t, err)
			s.aws.Deny("iam:*")
		}},
		{name: "boundary", layer: "permission", state: verify.Failed, words: []string{"permissions boundary", "policy/narrow"}, do: func(t *testing.T, s *stage) {
			arn, err := s.aws.AddPolicy("narrow", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}}`, nil)
			kubetest.Must(t, err)
			_, err = iamOf(s).PutUserPermissionsBoundary(t.Context(), &iam.PutUserPermissionsBoundaryInput{UserName: user, PermissionsBoundary: &arn})
			kubetest.Must(t, err)
		}},
		{name: "prefix too narrow", layer: "permission", state: verify.Failed, words: []string{"may not read", "fence-config", "begin with indexd-, wts-", "--secret-prefix fence-config"}, do: func(t *testing.T, s *stage) {
			s.settings.SecretPrefixes, s.settings.Helm.Set = []string{"indexd-", "wts-"}, []string{"webhook.create=false"}
			s.up(t)
			s.forget()
		}},
		{name: "store that points at another Secret", layer: "store", state: verify.Failed, words: []string{"refers to Secret", "another"}, do: func(t *testing.T, s *stage) {
			patchStore(t, s, `{"auth":{"secretRef":{"accessKeyIDSecretRef":{"name":"another"}}}}`)
		}},
		{name: "store that points at a copy of the Secret", layer: "", state: verify.OK, do: func(t *testing.T, s *stage) {
			secrets := s.kube.CoreV1().Secrets(s.settings.Namespace)
			copied, err := secrets.Get(t.Context(), "gen3-aws-config", metav1.GetOptions{})
			kubetest.Must(t, err)
			copied.ObjectMeta = metav1.ObjectMeta{Name: "fence-aws-config"}
			_, err = secrets.Create(t.Context(), copied, metav1.CreateOptions{})
			kubetest.Must(t, err)
			patchStore(t, s, `{"auth":{"secretRef":{"accessKeyIDSecretRef":{"name":"fence-aws-config"},"secretAccessKeySecretRef":{"name":"fence-aws-config"}}}}`)
		}},
		{name: "store without credentials", layer: "store", state: verify.Failed, words: []string{"no credentials at all"}, do: func(t *testing.T, s *stage) {
			patchStore(t, s, `{"auth":null}`)
		}},
	}, bothFaults())
}

// bothFaults are those that do not depend on how the operator signs in.
func bothFaults() []fault {
	return []fault{
		{name: "operator scaled to nothing", layer: "operator", state: verify.Failed, words: []string{"scaled to 0 replicas", "kubectl -n external-secrets scale"}, do: func(t *testing.T, s *stage) {
			s.scaleOperator(t, 0)
		}, undo: func(t *testing.T, s *stage) { s.scaleOperator(t, 1) }},
		{name: "webhook unreachable", layer: "webhook", state: verify.Failed, words: []string{"no SecretStore or ExternalSecret can be written", "webhook.hostNetwork=true"}, do: func(t *testing.T, s *stage) {
			fail, none, url := admissionv1.Fail, admissionv1.SideEffectClassNone, "https://127.0.0.1:1/validate"
			_, err := s.kube.AdmissionregistrationV1().ValidatingWebhookConfigurations().Create(t.Context(), &admissionv1.ValidatingWebhookConfiguration{
				ObjectMeta: metav1.ObjectMeta{Name: "secretstore-validate"},
				Webhooks: []admissionv1.ValidatingWebhook{{
					Name: "validate.secretstore.external-secrets.io", FailurePolicy: &fail, SideEffects: &none, AdmissionReviewVersions: []string{"v1"},
					ClientConfig: admissionv1.WebhookClientConfig{URL: &url},
					Rules: []admissionv1.RuleWithOperations{{
						Operations: []admissionv1.OperationType{admissionv1.Create},
						Rule:       admissionv1.Rule{APIGroups: []string{"external-secrets.io"}, APIVersions: []string{"*"}, Resources: []string{"secretstores"}},
					}},
				}},
			}, metav1.CreateOptions{})
			kubetest.Must(t, err)
			eventually(t, "the webhook", func(ctx context.Context) bool {
				r, _ := verify.Run(ctx, s.settings, verify.Options{}, s.env())
				return len(r.Layers) > 1 && r.Layers[1].State == verify.Failed
			})
		}, undo: func(t *testing.T, s *stage) {
			kubetest.Must(t, s.kube.AdmissionregistrationV1().ValidatingWebhookConfigurations().Delete(t.Context(), "secretstore-validate", metav1.DeleteOptions{}))
			eventually(t, "stores without a webhook", func(ctx context.Context) bool {
				r, _ := verify.Run(ctx, s.settings, verify.Options{}, s.env())
				return len(r.Layers) > 1 && r.Layers[1].State == verify.OK
			})
		}},
		{name: "too new for v1beta1", layer: "api-versions", state: verify.Failed, words: []string{"gen3 chart 0.3.60 uses external-secrets.io/v1beta1 only", "--chart-version 0.16.2"}, do: func(t *testing.T, s *stage) {
			s.settings.Gen3Version = "0.3.60"
			s.serveV1Beta1(t, false)
		}, undo: func(t *testing.T, s *stage) { s.serveV1Beta1(t, true) }},
		{name: "KMS denied", layer: "kms", state: verify.Failed, words: []string{"locked", cmk, "--kms-key"}, do: func(t *testing.T, s *stage) {
			_, err := s.aws.AddSecret(region, "locked", "v-secret", cmk, nil)
			kubetest.Must(t, err)
			s.synced(t, s.settings.Namespace, "locked", `data: [{secretKey: a, remoteRef: {key: locked}}]`)
		}},
		{name: "secret missing, and a near name", layer: "external-secrets", state: verify.Warning, words: []string{"has no secret fence-confg (spec.data[0])", "there is fence-config"}, do: func(t *testing.T, s *stage) {
			s.synced(t, s.settings.Namespace, "typo", `data: [{secretKey: a, remoteRef: {key: fence-confg}}]`)
		}},
		{name: "secret of an extract missing, and nobody may list", layer: "external-secrets", state: verify.Warning, words: []string{"has no secret audit-creds (spec.dataFrom[0])", "create-secret"}, do: func(t *testing.T, s *stage) {
			s.aws.Deny("secretsmanager:*")
			s.synced(t, s.settings.Namespace, "absent", `dataFrom: [{extract: {key: audit-creds}}]`)
		}},
		{name: "scheduled for deletion", layer: "external-secrets", state: verify.Warning, words: []string{"scheduled for deletion", "restore-secret"}, do: func(t *testing.T, s *stage) {
			_, err := secretsOf(s).DeleteSecret(t.Context(), &secretsmanager.DeleteSecretInput{SecretId: aws.String("fence-config")})
			kubetest.Must(t, err)
		}},
		{name: "property missing", layer: "external-secrets", state: verify.Warning, words: []string{"wts-g3auto (spec.data[0]) has no property appcreds.jsn", "there is appcreds.json"}, do: func(t *testing.T, s *stage) {
			s.synced(t, s.settings.Namespace, "typo", `data: [{secretKey: a, remoteRef: {key: wts-g3auto, property: appcreds.jsn}}]`)
		}},
		{name: "not JSON", layer: "external-secrets", state: verify.Warning, words: []string{"fence-config (spec.dataFrom[0]) is no JSON"}, do: func(t *testing.T, s *stage) {
			s.synced(t, s.settings.Namespace, "text", `dataFrom: [{extract: {key: fence-config}}]`)
		}},
		{name: "synced, and without a key that pods read", layer: "external-secrets", state: verify.Warning, words: []string{"synced; secret indexd-creds: it has no key dbcreated, and Deployment indexd cannot do without", "add key dbcreated to its JSON", "gen3-bootstrap secrets check"}, do: func(t *testing.T, s *stage) {
			reads(t, s, "indexd", "by-extract", "host", "dbcreated")
		}},
		{name: "synced, and no file that the service can read", layer: "external-secrets", state: verify.Warning, words: []string{"it is to be a YAML mapping (fence-config.yaml), and is no mapping"}, do: func(t *testing.T, s *stage) {
			reads(t, s, "fence", "by-data", "fence-config.yaml")
		}},
		{name: "the operator cannot write", layer: "external-secrets", state: verify.Failed, words: []string{"all that it reads is there", "target is owned by another"}, do: func(t *testing.T, s *stage) {
			s.condition(t, s.settings.Namespace, "externalsecrets", "by-data", "False", "SecretSyncedError", "could not update secret")
			s.warning(t, s.settings.Namespace, "by-data", "target is owned by another ExternalSecret")
		}},
		{name: "store of another region", layer: "store", state: verify.Failed, words: []string{"eu-west-1", "us-east-1"}, do: func(t *testing.T, s *stage) {
			patchStore(t, s, `{"region":"eu-west-1"}`)
		}},
		{name: "ClusterSecretStore that nobody made", layer: "store", state: verify.Failed, words: []string{"ClusterSecretStore wide", "nobody made it"}, do: func(t *testing.T, s *stage) {
			s.apply(t, s.settings.Namespace, "externalsecrets", `{apiVersion: external-secrets.io/v1, kind: ExternalSecret, metadata: {name: wide},
				spec: {secretStoreRef: {kind: ClusterSecretStore, name: wide}, data: [{secretKey: a, remoteRef: {key: fence-config}}]}}`)
		}},
	}
}

// scaleOperator sets how many pods of the operator there are, and waits for them.
func (c *cluster) scaleOperator(t *testing.T, replicas int32) {
	t.Helper()
	operators := c.kube.AppsV1().Deployments("external-secrets")
	_, err := operators.Patch(t.Context(), "external-secrets", types.MergePatchType, fmt.Appendf(nil, `{"spec":{"replicas":%d}}`, replicas), metav1.PatchOptions{})
	kubetest.Must(t, err)
	eventually(t, "the operator", func(ctx context.Context) bool {
		d, err := operators.Get(ctx, "external-secrets", metav1.GetOptions{})
		return err == nil && d.Status.AvailableReplicas == replicas && d.Status.ObservedGeneration == d.Generation
	})
}

// reads makes a Deployment that reads keys of a Secret.
func reads(t *testing.T, s *stage, name, secret string, keys ...string) {
	t.Helper()
	var env []corev1.EnvVar
	for i, key := range keys {
		env = append(env, corev1.EnvVar{Name: fmt.Sprintf("V%d", i), ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: secret}, Key: key}}})
	}
	label := map[string]string{"app": name}
	_, err := s.kube.AppsV1().Deployments(s.settings.Namespace).Create(t.Context(), &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: appsv1.DeploymentSpec{Selector: &metav1.LabelSelector{MatchLabels: label}, Template: corev1.PodTemplateSpec{
			ObjectMeta: metav1.ObjectMeta{Labels: label},
			Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "none", Env: env}}},
		}},
	}, metav1.CreateOptions{})
	kubetest.Must(t, err)
}

func roleFaults() []fault {
	roleName := func(s *stage) string {
		sa, _ := s.kube.CoreV1().ServiceAccounts(s.settings.Namespace).Get(context.Background(), chartSA, metav1.GetOptions{})
		return sa.Annotations["eks.amazonaws.com/role-arn"][len("arn:aws:iam::"+account+":role/"):]
	}
	return []fault{
		{name: "ServiceAccount without annotation", layer: "service-account", state: verify.Failed, words: []string{"names no role", "gen3-bootstrap values"}, do: func(t *testing.T, s *stage) {
			annotate(t, s, "")
		}},
		{name: "annotation of another role", layer: "service-account", state: verify.Failed, words: []string{"names another role", "role/other"}, do: func(t *testing.T, s *stage) {
			annotate(t, s, "arn:aws:iam::"+account+":role/other")
		}},
		{name: "ServiceAccount absent", layer: "service-account", state: verify.Failed, words: []string{"is not there"}, do: func(t *testing.T, s *stage) {
			kubetest.Must(t, s.kube.CoreV1().ServiceAccounts(s.settings.Namespace).Delete(t.Context(), chartSA, metav1.DeleteOptions{}))
		}},
		{name: "role that does not trust it", layer: "role", state: verify.Failed, words: []string{"does not let in", "system:serviceaccount:elsewhere:sa", "gen3-bootstrap up --irsa"}, do: func(t *testing.T, s *stage) {
			issuer := strings.TrimPrefix(s.Issuer, "https://")
			trust := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::%s:oidc-provider/%s"},
				"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"%s:aud":"sts.amazonaws.com","%s:sub":"system:serviceaccount:elsewhere:sa"}}}]}`, account, issuer, issuer, issuer)
			_, err := iamOf(s).UpdateAssumeRolePolicy(t.Context(), &iam.UpdateAssumeRolePolicyInput{RoleName: aws.String(roleName(s)), PolicyDocument: &trust})
			kubetest.Must(t, err)
		}},
		{name: "provider missing", layer: "role", state: verify.Failed, words: []string{"no identity provider", "--create-oidc-provider"}, do: func(t *testing.T, s *stage) {
			arn := "arn:aws:iam::" + account + ":oidc-provider/" + strings.TrimPrefix(s.Issuer, "https://")
			_, err := iamOf(s).DeleteOpenIDConnectProvider(t.Context(), &iam.DeleteOpenIDConnectProviderInput{OpenIDConnectProviderArn: &arn})
			kubetest.Must(t, err)
		}},
		{name: "policy detached", layer: "permission", state: verify.Failed, words: []string{"is not attached"}, do: func(t *testing.T, s *stage) {
			_, err := iamOf(s).DetachRolePolicy(t.Context(), &iam.DetachRolePolicyInput{RoleName: aws.String(roleName(s)), PolicyArn: aws.String("arn:aws:iam::" + account + ":policy/external_secrets_policy")})
			kubetest.Must(t, err)
		}},
		{name: "store that signs in with a Secret", layer: "store", state: verify.Failed, words: []string{"signs in with Secret gen3-aws-config"}, do: func(t *testing.T, s *stage) {
			patchStore(t, s, `{"auth":{"jwt":null,"secretRef":{"accessKeyIDSecretRef":{"name":"gen3-aws-config","key":"access-key"},"secretAccessKeySecretRef":{"name":"gen3-aws-config","key":"secret-access-key"}}}}`)
		}},
		// the last one, since all share it
		{name: "operator absent", layer: "operator", state: verify.Failed, words: []string{"no External Secrets Operator runs", "gen3-bootstrap up"}, do: func(t *testing.T, s *stage) {
			kubetest.Must(t, s.kube.AppsV1().Deployments("external-secrets").Delete(t.Context(), "external-secrets", metav1.DeleteOptions{}))
		}},
	}
}
