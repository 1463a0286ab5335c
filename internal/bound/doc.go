// Package bound ends what would go on for ever: a request of a library that knows no context, an answer or a file without
// an end, a pipe into which nobody writes. It knows nothing of what is read.
package bound
