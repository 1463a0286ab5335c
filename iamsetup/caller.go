package iamsetup

import (
	"context"
	"fmt"
	"regexp"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// Caller is who the operator is to AWS.
type Caller struct {
	Account   string // 12 digits
	Partition string // aws, aws-cn, aws-us-gov, …
	ARN       string
}

// Caller asks STS. Explain says why there was no answer.
func (a *AWS) Caller(ctx context.Context) (Caller, error) {
	out, err := a.STS.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return Caller{}, fmt.Errorf("ask AWS who the caller is: %w", err)
	}
	a.Clock.Learn(out.ResultMetadata)
	parsed, err := arn.Parse(aws.ToString(out.Arn))
	if err != nil {
		return Caller{}, fmt.Errorf("parse caller ARN %q: %w", aws.ToString(out.Arn), err)
	}
	return Caller{Account: aws.ToString(out.Account), Partition: parsed.Partition, ARN: parsed.String()}, nil
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
