package render

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/uc-cdis/gen3-bootstrap/gen3"
	"github.com/uc-cdis/gen3-bootstrap/gen3/gen3test"
	"github.com/uc-cdis/gen3-bootstrap/internal/charttest"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

// gen3Repository is a client for which Gen3's own repository is a server of the test, and what it was asked for.
func gen3Repository(t *testing.T, archive string) (client *http.Client, asked func() []string) {
	t.Helper()
	var urls []string
	files := charttest.Repository("gen3", gen3test.New, archive)
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		urls = append(urls, "https://"+r.Host+r.URL.Path)
		files.ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	client = srv.Client()
	transport, _ := client.Transport.(*http.Transport)
	transport.TLSClientConfig.ServerName = "example.com" // whom its certificate is for
	transport.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		if addr == "helm.gen3.org:443" {
			addr = srv.Listener.Addr().String()
		}
		return (&net.Dialer{}).DialContext(ctx, network, addr)
	}
	return client, func() []string { srv.Close(); return urls }
}

// TestLoadFromEverywhere: the same chart says the same, wherever it comes from.
func TestLoadFromEverywhere(t *testing.T) { // sets the environment
	file := gen3test.Pack(t, gen3test.New)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	client, asked := gen3Repository(t, string(text))
	oci := charttest.Registry(t, "gen3", gen3test.New, string(text))
	want := gen3.Take(rendered(t, load(t, gen3test.New))).Requirements
	for name, test := range map[string]struct{ ref, version string }{
		"Gen3's repository":            {"", gen3test.New},
		"Gen3's repository, by name":   {"gen3", gen3test.New},
		"the newest of the repository": {"", ""},
		"a file":                       {file, ""},
		"a file of a version":          {file, gen3test.New},
		"a registry":                   {oci, gen3test.New},
		"the newest of a registry":     {oci, ""},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := Load(t.Context(), client, test.ref, test.version)
			if err != nil {
				t.Fatal(err, hint.Of(err))
			}
			if diff := cmp.Diff(want, gen3.Take(rendered(t, c)).Requirements); diff != "" || c.Version() != gen3test.New || len(c.leftOut)+len(c.Warnings) > 0 {
				t.Errorf("version %s, left out %v, warnings %v: %s", c.Version(), c.leftOut, c.Warnings, diff)
			}
		})
	}
	urls := slices.Compact(slices.Sorted(slices.Values(asked())))
	if diff := cmp.Diff([]string{"https://helm.gen3.org/gen3.tgz", "https://helm.gen3.org/index.yaml"}, urls); diff != "" {
		t.Error(diff)
	}
}

func rendered(t *testing.T, c *Chart) []gen3.Object {
	t.Helper()
	r, err := c.Render(deploy(nil), options())
	if err != nil {
		t.Fatal(err)
	}
	return r.Objects
}

// TestLoadRefusals: what cannot be had is told with advice in the words of this command.
func TestLoadRefusals(t *testing.T) {
	text, err := os.ReadFile(gen3test.Pack(t, gen3test.New))
	if err != nil {
		t.Fatal(err)
	}
	client, _ := gen3Repository(t, string(text))
	oci := charttest.Registry(t, "gen3", gen3test.New, string(text))
	for name, test := range map[string]struct{ ref, version, want, advice string }{
		"no such version":         {"", "9.9.9", "find chart gen3 9.9.9: not in repository https://helm.gen3.org", gen3test.New},
		"no such chart":           {"gen4", "", "find chart gen4", "gen3"},
		"no such tag":             {oci, "9.9.9", "pull chart " + oci + " version 9.9.9", "--gen3-chart"},
		"no such registry":        {strings.Replace(oci, "/charts/", "/none/", 1), "0.1.0", "pull chart oci://", "--gen3-chart"},
		"a file of another":       {gen3test.Pack(t, gen3test.Old), gen3test.New, "is version " + gen3test.Old, "--gen3-version"},
		"a file that is no chart": {gen3test.Values(t, "x.tgz", "no archive"), "", "load chart", "helm lint"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Load(t.Context(), client, test.ref, test.version)
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(hint.Of(err), test.advice) || strings.Contains(hint.Of(err), "--chart") {
				t.Errorf("error %v, hint %q", err, hint.Of(err))
			}
		})
	}
}
