package kube

import apierrors "k8s.io/apimachinery/pkg/api/errors"

// IsDenied reports that the API server knows the caller and refused him.
func IsDenied(err error) bool { return apierrors.IsForbidden(err) }
