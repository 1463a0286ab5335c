package iamsetup

import (
	"context"
	"errors"
	"fmt"
	"net"
	"regexp"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

// Caller is who the operator is to AWS.
type Caller struct {
	Account   string // 12 digits
	Partition string // aws, aws-cn, aws-us-gov, …
	ARN       string
}

// Caller asks STS. Missing, expired or refused credentials come back with a hint.
func (a *AWS) Caller(ctx context.Context) (Caller, error) {
	out, err := a.STS.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return Caller{}, hint.With(fmt.Errorf("ask AWS who the caller is: %w", err), callerHint(err))
	}
	a.Clock.Learn(out.ResultMetadata)
	parsed, err := arn.Parse(aws.ToString(out.Arn))
	if err != nil {
		return Caller{}, fmt.Errorf("parse caller ARN %q: %w", aws.ToString(out.Arn), err)
	}
	return Caller{Account: aws.ToString(out.Account), Partition: parsed.Partition, ARN: parsed.String()}, nil
}

func callerHint(err error) string {
	var dns *net.DNSError
	var dial *net.OpError
	switch code := ErrorCode(err); {
	case code == "ExpiredToken" || code == "ExpiredTokenException" || code == "RequestExpired":
		return "the AWS credentials have expired; sign in again (`aws sso login`) and repeat the command"
	case code == "InvalidClientTokenId" || code == "SignatureDoesNotMatch":
		return "AWS does not accept these credentials; `aws sts get-caller-identity` with the same profile shows which ones are found"
	case code != "":
		return ""
	case errors.As(err, &dns), errors.As(err, &dial), errors.Is(err, context.DeadlineExceeded):
		return "the STS endpoint of this region does not answer from here; check --region, proxy and network"
	default:
		return "no usable AWS credentials were found; set AWS_PROFILE or give --profile, or sign in with `aws sso login`"
	}
}

// regionForms is which region names belong to which partition (botocore's partitions.json, "regionRegex").
func regionForms() map[string]*regexp.Regexp {
	return map[string]*regexp.Regexp{
		"aws":        regexp.MustCompile(`^(us|eu|ap|sa|ca|me|af|il|mx)-\w+-\d+$`),
		"aws-cn":     regexp.MustCompile(`^cn-\w+-\d+$`),
		"aws-us-gov": regexp.MustCompile(`^us-gov-\w+-\d+$`),
		"aws-eusc":   regexp.MustCompile(`^eusc-(de)-\w+-\d+$`),
		"aws-iso":    regexp.MustCompile(`^us-iso-\w+-\d+$`),
		"aws-iso-b":  regexp.MustCompile(`^us-isob-\w+-\d+$`),
		"aws-iso-e":  regexp.MustCompile(`^eu-isoe-\w+-\d+$`),
		"aws-iso-f":  regexp.MustCompile(`^us-isof-\w+-\d+$`),
	}
}

// RegionIn reports whether a region name belongs to the partition. A partition that is not known here accepts any.
func RegionIn(region, partition string) bool {
	form, known := regionForms()[partition]
	return !known || form.MatchString(region)
}

// PartitionOf returns the partition that a region name belongs to, "" when it has no region's form.
func PartitionOf(region string) string {
	for partition, form := range regionForms() {
		if form.MatchString(region) {
			return partition
		}
	}
	return ""
}
