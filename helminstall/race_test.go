package helminstall

import (
	"errors"
	"fmt"
	"testing"

	"helm.sh/helm/v3/pkg/storage/driver"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/uc-cdis/gen3-bootstrap/helminstall/sdk"
)

func TestOvertaken(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		err  error
		want bool
	}{
		"none":             {nil, false},
		"release exists":   {driver.ErrReleaseExists, true},
		"revision changed": {sdk.ErrOvertaken, true},
		"object exists":    {apierrors.NewAlreadyExists(schema.GroupResource{Resource: "deployments"}, "a"), true},
		"object of others": {takenError{errors.New("no")}, true},
		"forbidden":        {apierrors.NewForbidden(schema.GroupResource{Resource: "deployments"}, "a", nil), false},
		"of its own":       {errors.New("no"), false},
	} {
		if test.err != nil {
			test.err = fmt.Errorf("install: %w", test.err)
		}
		if got := overtaken(test.err); got != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
