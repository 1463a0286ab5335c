package helminstall

import "bytes"

// keepCRDs is a post-renderer that annotates CRDs which their chart did not, so that the promise holds for any chart.
type keepCRDs struct{}

// Run implements postrender.PostRenderer.
func (keepCRDs) Run(in *bytes.Buffer) (*bytes.Buffer, error) {
	out, err := keepManifest(in.String())
	return bytes.NewBufferString(out), err
}
