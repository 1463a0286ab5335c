package reading

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/internal/printable"
)

// mostNames bounds a look for names, which is a courtesy: an account may have very many.
const mostNames = 5000

// Names lists the names of the region's secrets, without those scheduled for deletion.
func (r *Reader) Names(ctx context.Context) ([]string, error) {
	var out []string
	pages := secretsmanager.NewListSecretsPaginator(r.api, &secretsmanager.ListSecretsInput{MaxResults: aws.Int32(100)})
	for pages.HasMorePages() && len(out) < mostNames {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("list secrets of Secrets Manager: %w", iamsetup.MarkDenied(err))
		}
		for _, entry := range page.SecretList {
			out = append(out, nameOf(entry))
		}
	}
	return out, nil
}

// MayList asks for one name, which the policy of the operator allows to whoever has it. The error is why that is denied, or not judged.
func (r *Reader) MayList(ctx context.Context) error {
	if _, err := r.api.ListSecrets(ctx, &secretsmanager.ListSecretsInput{MaxResults: aws.Int32(1)}); err != nil {
		return fmt.Errorf("list secrets of Secrets Manager: %w", iamsetup.MarkDenied(err))
	}
	return nil
}

func nameOf(entry types.SecretListEntry) string { return aws.ToString(entry.Name) }

// KMSKey returns which KMS key a secret is encrypted with: an ARN, an id or an alias, and "" for the account's own key of Secrets
// Manager. It asks for no value.
func (r *Reader) KMSKey(ctx context.Context, name string) (string, error) {
	out, err := r.api.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: &name})
	if err != nil {
		return "", fmt.Errorf("describe secret %s of Secrets Manager: %w", printable.Line(name), iamsetup.MarkDenied(err))
	}
	return aws.ToString(out.KmsKeyId), nil
}
