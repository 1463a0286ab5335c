package cli

// iam says what is made in the account.
func (in *inputs) iam() group {
	s := &in.settings
	return group{"IAM", []option{
		{name: "policy-name", arg: "NAME", into: &s.PolicyName, usage: "managed policy that allows reading the secrets"},
		{name: "user-name", arg: "NAME", into: &s.UserName, usage: "user whose key External Secrets Operator gets"},
		{name: "iam-path", arg: "PATH", into: &s.IAMPath, usage: "IAM path of policy, user and role"},
		{name: "permissions-boundary", arg: "ARN", into: &s.PermissionsBoundary, usage: "policy that bounds the user or role"},
		{name: "tag", arg: "KEY=VALUE", into: &s.Tags, usage: "tag for each IAM resource"},
		{name: "secret-prefix", arg: "PREFIX", into: &s.SecretPrefixes, fallback: "all secrets of the account and region", usage: "allow only secrets whose name begins so"},
		{name: "secret-names-from-values", into: &s.NamesFromValues, usage: "allow exactly the names that the gen3 chart reads with your -f files; needs --gen3-version, or a --gen3-chart on disk"},
		{name: "kms-key", arg: "ARN", into: &s.KMSKeys, usage: "KMS key that secrets are encrypted with"},
		{name: "allow-push", into: &s.AllowPush, usage: "allow writing secrets as well, for PushSecret"},
		{name: "adopt", into: &s.Adopt, argvOnly: true, usage: "take over what is there without a mark of gen3-bootstrap"},
	}}
}

// secrets says where the access key goes.
func (in *inputs) secrets() group {
	s := &in.settings
	return group{"Kubernetes Secrets", []option{
		{name: "secret-name", arg: "NAME", into: &s.SecretNames, fallback: "<user>-secret made legal, and gen3-aws-config, which the gen3 chart reads", usage: "Secret that holds the access key; replaces both defaults"},
	}}
}

// authentication says as whom External Secrets Operator reads, when not as a user made here.
func (in *inputs) authentication() group {
	s := &in.settings
	return group{"authentication", []option{
		{name: "use-global-user", into: &s.UseGlobalUser, usage: "make no user and no key, and without --irsa no policy: a key made elsewhere is used"},
		{name: "global-user-secret", arg: "NAME", into: &s.GlobalUserSecret, usage: "Secret that holds the global user's key"},
		{name: "irsa", into: &s.IRSA, usage: "a role for a ServiceAccount, and no user and no key"},
		{name: "role-name", arg: "NAME", into: &s.RoleName, fallback: "external-secrets-<namespace>-<cluster>", usage: "role of --irsa"},
		{name: "service-account", arg: "NAME", into: &s.ServiceAccount, usage: "ServiceAccount that may take the role"},
		{name: "oidc-issuer", arg: "URL", into: &s.OIDCIssuer, fallback: "what the API server says", usage: "the cluster's token issuer"},
		{name: "create-oidc-provider", into: &s.CreateOIDCProvider, usage: "make the IAM identity provider of that issuer when there is none"},
	}}
}
