// Package pages goes through lists of the Kubernetes API a page at a time, so that of a cluster with thousands of objects only
// a part is in memory.
package pages

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/pager"
)

// Each hands over each item of a list. T is what the list holds, such as *corev1.Secret. options select; its Limit is the size of a page, 500 where it is 0. Errors are
// the API server's as they are: the caller says what it lists.
func Each[T runtime.Object, List runtime.Object](ctx context.Context, list func(context.Context, metav1.ListOptions) (List, error), options metav1.ListOptions, each func(T)) error {
	all := pager.New(func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
		return list(ctx, options)
	})
	all.PageBufferSize = 1
	if options.Limit > 0 {
		all.PageSize = options.Limit
	}
	return all.EachListItem(ctx, options, func(item runtime.Object) error {
		if object, ok := item.(T); ok {
			each(object)
		}
		return nil
	})
}
