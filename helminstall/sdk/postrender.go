package sdk

import (
	"bytes"

	"github.com/uc-cdis/gen3-bootstrap/helminstall/stored"
)

// keepCRDs is a post-renderer that annotates CRDs which their chart did not, so that the promise holds for any chart.
type keepCRDs struct{}

// Run implements postrender.PostRenderer.
func (keepCRDs) Run(in *bytes.Buffer) (*bytes.Buffer, error) {
	out, err := stored.KeepCRDs(in.String())
	return bytes.NewBufferString(out), err
}
