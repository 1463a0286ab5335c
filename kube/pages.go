package kube

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/pager"
)

// eachItem lists in pages and hands over each item, so that of a cluster with thousands of objects only a page at a time
// is in memory.
func eachItem[List runtime.Object](ctx context.Context, list func(context.Context, metav1.ListOptions) (List, error), each func(runtime.Object)) error {
	pages := pager.New(func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
		return list(ctx, options)
	})
	pages.PageBufferSize = 1
	return pages.EachListItem(ctx, metav1.ListOptions{}, func(item runtime.Object) error { each(item); return nil }) // the caller says what it lists
}
