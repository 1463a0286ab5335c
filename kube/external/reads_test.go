package external

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReadsOf(t *testing.T) {
	t.Parallel()
	usual, wide := StoreRef{"SecretStore", "s"}, StoreRef{"ClusterSecretStore", "w"}
	for name, c := range map[string]struct {
		spec string
		want []Read
	}{
		"data":        {`data: [{secretKey: a, remoteRef: {key: k, property: a.b, version: uuid/1}}]`, []Read{{Field: "spec.data[0]", Store: usual, Name: "k", Property: "a.b", Version: "uuid/1"}}},
		"extract":     {`dataFrom: [{extract: {key: k}}]`, []Read{{Field: "spec.dataFrom[0]", Store: usual, Name: "k", All: true}}},
		"other store": {`data: [{remoteRef: {key: k}, sourceRef: {storeRef: {kind: ClusterSecretStore, name: w}}}]`, []Read{{Field: "spec.data[0]", Store: wide, Name: "k"}}},
		"find":        {`dataFrom: [{find: {name: {regexp: x}}}]`, []Read{{Field: "spec.dataFrom[0]", Store: usual, All: true, Unjudged: "it takes what a search finds"}}},
		"generator":   {`dataFrom: [{sourceRef: {generatorRef: {name: g}}}]`, []Read{{Field: "spec.dataFrom[0]", Store: usual, All: true, Unjudged: "it comes from a generator"}}},
		"tags":        {`data: [{remoteRef: {key: k, metadataPolicy: Fetch}}]`, []Read{{Field: "spec.data[0]", Store: usual, Name: "k", Unjudged: "it takes the secret's tags"}}},
		"of no form":  {`data: [7, {remoteRef: x}], dataFrom: x`, []Read{{Field: "spec.data[0]", Store: usual}, {Field: "spec.data[1]", Store: usual}}},
		"nothing":     {`data: []`, nil},
	} {
		o := parseObject(t, `{kind: ExternalSecret, metadata: {name: e, namespace: a}, spec: {secretStoreRef: {name: s}, `+c.spec+`}}`)
		if diff := cmp.Diff(c.want, o.Reads); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if id, stage := (Read{Version: "uuid/1"}).VersionOf(); id != "1" || stage != "" {
		t.Errorf("%q %q", id, stage)
	}
}
