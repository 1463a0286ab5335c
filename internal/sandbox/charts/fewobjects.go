package charts

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"strings"
)

// FewObjects is the name of a chart that is quick to install: one ConfigMap,
// ServiceAccount, Deployment and CRD.
const FewObjects = "few-objects"

//go:embed all:few-objects
var fewObjects embed.FS

// packFewObjects packs the versions 0.1.0 and 0.2.0, which differ in their
// version only.
func packFewObjects() ([]archive, error) {
	var archives []archive
	for _, version := range []string{"0.1.0", "0.2.0"} {
		f, err := fewObjectsFiles()
		if err != nil {
			return nil, err
		}
		if err := f.setVersion(version, version); err != nil {
			return nil, err
		}
		a, err := f.pack(FewObjects, version)
		if err != nil {
			return nil, err
		}
		archives = append(archives, a)
	}
	return archives, nil
}

func fewObjectsFiles() (files, error) {
	f := files{}
	err := fs.WalkDir(fewObjects, FewObjects, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := fewObjects.ReadFile(name)
		f[strings.TrimPrefix(name, FewObjects+"/")] = content
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read chart %s: %w", FewObjects, err)
	}
	return f, nil
}

// recipe changes with the code of this package that decides what is packed.
const recipe = "1"

// revision names the charts that this build makes, so that a cache of older
// ones is not taken for them.
func revision() string {
	h := sha256.New()
	fmt.Fprintln(h, recipe, moduleSum)
	if f, err := packFewObjects(); err == nil {
		for _, a := range f {
			h.Write(a.content)
		}
	}
	return hex.EncodeToString(h.Sum(nil))[:12]
}
