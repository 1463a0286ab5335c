package iamsetup

import "strings"

// Account is an AWS account, and makes the ARN of everything in it.
type Account struct {
	Partition string // aws, aws-cn, aws-us-gov, …
	ID        string // 12 digits
}

// PolicyARN is a managed policy's: its path is part of it and cannot change. A path begins and ends with "/".
func (a Account) PolicyARN(path, name string) string { return a.arn("iam", "", "policy"+path+name) }

// UserARN is a user's.
func (a Account) UserARN(path, name string) string { return a.arn("iam", "", "user"+path+name) }

// RoleARN is a role's.
func (a Account) RoleARN(path, name string) string { return a.arn("iam", "", "role"+path+name) }

// ProviderARN is that of the identity provider of an issuer.
func (a Account) ProviderARN(issuer string) string {
	return a.arn("iam", "", "oidc-provider/"+providerName(issuer))
}

// secretsARN is that of all secrets whose names begin alike. It takes in the hyphen and the six random characters in which
// a secret's ARN ends.
func (a Account) secretsARN(region, prefix string) string {
	return a.arn("secretsmanager", region, "secret:"+prefix+"*")
}

func (a Account) arn(service, region, resource string) string {
	return strings.Join([]string{"arn", a.Partition, service, region, a.ID, resource}, ":")
}

// LastPart is the name in an ARN.
func LastPart(arn string) string { return arn[strings.LastIndex(arn, "/")+1:] }
