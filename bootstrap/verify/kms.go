package verify

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup/reading"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

// kms: no secret that is read is encrypted with a key that may not be used.
func (l *look) kms(ctx context.Context) finding {
	l.tryAll(ctx)
	var names, keys []string
	for _, t := range l.trials {
		if t.answer.State != reading.KeyDenied {
			continue
		}
		names = append(names, t.name)
		key, err := l.by.KMSKey(ctx, t.name)
		if err != nil { // the caller may be able to see more
			key, err = reading.WithOwn(l.target.Aws).KMSKey(ctx, t.name)
		}
		if err == nil && key != "" {
			keys = words.AddOnce(keys, key)
		}
	}
	return judgeKMS(l.by.ARN, names, keys, l.target.Settings.KMSKeys, l.invocation())
}

func judgeKMS(who string, names, keys, allowed []string, by hint.Invocation) finding {
	if len(names) == 0 {
		return ok("no secret that was read has a KMS key that may not be used")
	}
	what := fmt.Sprintf("%s may not decrypt %s", who, words.Few(names))
	switch {
	case len(keys) == 0:
		return failed(what+": it is encrypted with a KMS key that may not be used", "`"+by.AWS("secretsmanager", "describe-secret", "--secret-id", names[0], "--query", "KmsKeyId", "--output", "text")+"` tells the key, and "+by.Command(append(allowing(allowed), "--kms-key", "ARN")...)+" allows it")
	case len(words.Without(keys, allowed)) == 0:
		return failed(what+": KMS key "+list(keys)+" is allowed by the policy", "the key itself may be disabled, or its key policy may not let this account's policies decide: "+by.AWS("kms", "describe-key", "--key-id", keys[0]))
	}
	args := []string{"up"}
	for _, key := range append(slices.Clone(allowed), words.Without(keys, allowed)...) {
		if !strings.HasPrefix(key, "arn:") || strings.Contains(key, ":alias/") {
			key = "ARN-OF-" + key
		}
		args = append(args, "--kms-key", key)
	}
	return failed(what+": it is encrypted with KMS key "+list(keys)+", which the policy does not allow", by.Command(args...)+" allows it")
}

// allowing is an up that keeps what is allowed.
func allowing(keys []string) []string {
	args := []string{"up"}
	for _, key := range keys {
		args = append(args, "--kms-key", key)
	}
	return args
}
