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
	return a.arn("iam", "", "oidc-provider/"+ProviderName(issuer))
}

// SecretsARN is that of all secrets whose names begin alike. It takes in the hyphen and the six random characters in which
// a secret's ARN ends.
func (a Account) SecretsARN(region, prefix string) string {
	return a.arn("secretsmanager", region, "secret:"+prefix+"*")
}

// SecretARN is that of the secret of one name, and of no other one: the six random characters in which it ends are left open.
func (a Account) SecretARN(region, name string) string {
	return a.arn("secretsmanager", region, "secret:"+name+"-??????")
}

func (a Account) arn(service, region, resource string) string {
	return strings.Join([]string{"arn", a.Partition, service, region, a.ID, resource}, ":")
}

// LastPart is the name in an ARN.
func LastPart(arn string) string { return arn[strings.LastIndex(arn, "/")+1:] }

// ProviderName is an issuer as IAM's ARNs and condition keys spell it.
func ProviderName(issuer string) string { return strings.TrimPrefix(issuer, "https://") }

// DNSSuffix is the domain of the partition's services, as kms:ViaService spells it (botocore's partitions.json,
// "dnsSuffix").
func (a Account) DNSSuffix() string {
	switch a.Partition {
	case "aws-cn":
		return "amazonaws.com.cn"
	case "aws-eusc":
		return "amazonaws.eu"
	case "aws-iso":
		return "c2s.ic.gov"
	case "aws-iso-b":
		return "sc2s.sgov.gov"
	case "aws-iso-e":
		return "cloud.adc-e.uk"
	case "aws-iso-f":
		return "csp.hci.ic.gov"
	default:
		return "amazonaws.com"
	}
}
