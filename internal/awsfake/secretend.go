package awsfake

import (
	"maps"
	"time"
)

func tagSecret(r *request) (any, error) {
	x, err := r.findSecret(false)
	if err != nil {
		return nil, err
	}
	given, err := r.in.checkedTags()
	if err != nil {
		return nil, err
	}
	next := maps.Clone(x.tags)
	maps.Copy(next, given)
	if len(next) > maxTags {
		return nil, invalidParameter("The number of tags is more than %d.", maxTags)
	}
	x.tags = next
	return struct{}{}, nil
}

func untagSecret(r *request) (any, error) {
	x, err := r.findSecret(false)
	if err != nil {
		return nil, err
	}
	next := maps.Clone(x.tags)
	for _, k := range r.in.TagKeys {
		delete(next, k)
	}
	x.tags = next
	return struct{}{}, nil
}

func deleteSecret(r *request) (any, error) {
	in := r.in
	if in.ForceDeleteWithoutRecovery && in.RecoveryWindowInDays != 0 {
		return nil, invalidParameter("You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.")
	}
	days := in.RecoveryWindowInDays
	if days == 0 {
		days = 30
	}
	if days < 7 || days > 30 {
		return nil, invalidParameter("The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).")
	}
	x, err := r.findSecret(in.ForceDeleteWithoutRecovery)
	if e, failed := err.(*apiError); failed && e.code == codeAbsent && in.ForceDeleteWithoutRecovery { //nolint:errorlint // ours are never wrapped
		name := in.SecretID // what is not there is as good as deleted
		return secretChanged{ARN: r.secretARN(name), Name: name, DeletionDate: epoch(r.now)}, nil
	}
	if err != nil {
		return nil, err
	}
	when := r.now.Add(time.Duration(days) * 24 * time.Hour)
	if in.ForceDeleteWithoutRecovery {
		when = r.now
		delete(r.srv.vaults[x.region], x.name)
	}
	x.deleted = r.now
	return secretChanged{ARN: x.arn, Name: x.name, DeletionDate: epoch(when)}, nil
}

func restoreSecret(r *request) (any, error) {
	x, err := r.findSecret(true)
	if err != nil {
		return nil, err
	}
	x.deleted = time.Time{}
	return secretChanged{ARN: x.arn, Name: x.name}, nil
}
