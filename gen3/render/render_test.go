package render

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/uc-cdis/gen3-bootstrap/gen3"
	"github.com/uc-cdis/gen3-bootstrap/gen3/gen3test"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

func options() Options { return Options{Release: "commons", Namespace: "gen3"} }

func load(t *testing.T, version string) *Chart {
	t.Helper()
	c, err := Load(t.Context(), nil, gen3test.Checkout(t, version), "")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func deploy(more map[string]any) map[string]any {
	global := map[string]any{"externalSecrets": map[string]any{"deploy": true}}
	out := map[string]any{"global": global}
	maps.Copy(out, more)
	return out
}

func TestWhatTheChartReads(t *testing.T) {
	t.Parallel()
	c := load(t, gen3test.New)
	r, err := c.Render(deploy(nil), options())
	if err != nil {
		t.Fatal(err)
	}
	inventory := gen3.Take(r.Objects)
	origins, err := c.Origins(deploy(nil), options(), r)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, q := range inventory.Requirements {
		text := q.Name + " " + string(q.Shapes[0]) + " " + q.Severity.String() + " " + strings.Join(append(append(q.Properties, q.Keys...), q.Formats...), ",")
		got = append(got, text+" "+origins[q.Reads[0].ID()].Path)
	}
	want := []string{
		"audit-g3auto whole stops-pods yaml audit.externalSecrets.auditG3auto",
		"default-audit-creds extract stops-pods database,dbcreated,host,password,username audit.externalSecrets.dbcreds",
		"default-fence-creds extract stops-pods database,dbcreated,host,password,port,username fence.externalSecrets.dbcreds",
		"default-indexd-creds extract stops-pods database,dbcreated,host,password,username indexd.externalSecrets.dbcreds",
		"default-wts-creds extract stops-pods database,dbcreated,host,password,username wts.externalSecrets.dbcreds",
		"fence-config whole stops-pods yaml fence.externalSecrets.fenceConfig",
		"fence-google-app-creds-secret property stops-pods fence_google_app_creds_secret.json fence.externalSecrets.fenceGoogleAppCredsSecret",
		"fence-jwt-keys whole stops-pods private-key fence.externalSecrets.fenceJwtKeys",
		"indexd-service-creds extract jobs-only fence,sheepdog indexd.externalSecrets.serviceCreds",
		"stata-workspace-gen3-license whole at-use  hatchery.externalSecrets.stataG3auto",
		"wts-g3auto property stops-pods appcreds.json wts.externalSecrets.wtsG3auto",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]LeftOut{{Name: "postgresql", Condition: "global.dev", Parent: "gen3"}}, r.LeftOut); diff != "" {
		t.Error(diff)
	}
	if len(r.Warnings)+len(r.Clashes)+len(inventory.Unjudged) > 0 {
		t.Error(r.Warnings, r.Clashes, inventory.Unjudged)
	}
}

func TestSubchartsAreSwitchedByValues(t *testing.T) {
	t.Parallel()
	c := load(t, gen3test.New)
	r, err := c.Render(deploy(map[string]any{"sower": map[string]any{"enabled": true}, "fence": map[string]any{"enabled": false}}), options())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, q := range gen3.Take(r.Objects).Requirements {
		if strings.HasPrefix(q.Name, "fence") || strings.HasPrefix(q.Name, "pelican") {
			got = append(got, q.Name+" "+q.Severity.String())
		}
	}
	if diff := cmp.Diff([]string{"pelicanservice-g3auto at-use"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestVersionsDifferInAShape(t *testing.T) {
	t.Parallel()
	take := func(version string) []gen3.Requirement {
		r, err := load(t, version).Render(deploy(nil), options())
		if err != nil {
			t.Fatal(err)
		}
		return gen3.Take(r.Objects).Requirements
	}
	changes := gen3.Compare(take(gen3test.Old), take(gen3test.New))
	if len(changes) != 1 || changes[0].Name != "fence-google-app-creds-secret" || changes[0].Before.Shapes[0] != gen3.Whole || changes[0].After.Shapes[0] != gen3.Property {
		t.Errorf("%+v", changes)
	}
}

// TestBrokenFile: a file that is no YAML costs a warning, which does not quote it, and not the rest.
func TestBrokenFile(t *testing.T) {
	t.Parallel()
	r, err := load(t, gen3test.New).Render(deploy(map[string]any{"audit": map[string]any{"broken": true}}), options())
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Warnings) != 1 || !strings.HasPrefix(r.Warnings[0], "render gen3/charts/audit/templates/broken.yaml: ") {
		t.Error(r.Warnings)
	}
	if n := len(gen3.Take(r.Objects).Requirements); n != 11 {
		t.Errorf("%d secrets", n)
	}
}

func TestMissingValues(t *testing.T) {
	t.Parallel()
	c := load(t, gen3test.New)
	_, err := c.Render(map[string]any{"global": map[string]any{"dev": false, "externalSecrets": map[string]any{"deploy": true, "pushSecret": true}}}, options())
	if err == nil || !strings.Contains(err.Error(), "no value for wts.postgres.host or global.postgres.master.host") && !strings.Contains(err.Error(), ".postgres.host or global.postgres.master.host") {
		t.Fatal(err)
	}
	if !strings.Contains(hint.Of(err), "global.postgres.master.host") {
		t.Error(hint.Of(err))
	}
	_, err = c.Render(map[string]any{"audit": "hunter2"}, options())
	if mismatch, ok := errors.AsType[MismatchError](err); !ok || mismatch.Path != "audit" || strings.Contains(err.Error(), "hunter2") {
		t.Error(err)
	}
}

// TestClashes: helm says in its log alone that it drops a value.
func TestClashes(t *testing.T) {
	t.Parallel()
	r, err := load(t, gen3test.New).Render(deploy(map[string]any{"fence": map[string]any{"FENCE_CONFIG": "hunter2", "externalSecrets": map[string]any{}}}), options())
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(strings.Join(r.Clashes, " "), "hunter2") {
		t.Error(r.Clashes)
	}
	for line, want := range map[string]string{
		"warning: destination for gen3.fence.x is a table. Ignoring non-table value (hunter2)":    "gen3.fence.x",
		"warning: cannot overwrite table with non table for gen3.fence.x (map[password:hunter2])": "gen3.fence.x",
		"warning: skipped value for gen3.x: Not a table.":                                         "gen3.x",
		"something else": "",
	} {
		if got := clash(line); got != want {
			t.Errorf("%s: %q", line, got)
		}
	}
}

func TestLoadErrors(t *testing.T) {
	t.Parallel()
	dir := gen3test.Checkout(t, gen3test.New)
	if _, err := Load(t.Context(), nil, dir, "0.1.0"); err == nil || !strings.Contains(err.Error(), "is version "+gen3test.New) {
		t.Error(err)
	}
	if _, err := Load(t.Context(), nil, filepath.Join(dir, "none.tgz"), ""); err == nil || !strings.Contains(hint.Of(err), "--gen3-chart") {
		t.Error(err)
	}
	if err := os.RemoveAll(filepath.Join(dir, "..", "wts")); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(t.Context(), nil, dir, ""); err == nil || !strings.Contains(err.Error(), "load chart wts, which chart gen3 needs") {
		t.Error(err)
	}
}

// TestUnreleased: a checkout has no version but the one that is said.
func TestUnreleased(t *testing.T) {
	t.Parallel()
	dir := gen3test.Checkout(t, "0.0.0")
	for given, want := range map[string]string{"": Unreleased, "0.3.90": "0.3.90"} {
		c, err := Load(t.Context(), nil, dir, given)
		if err != nil || c.Version() != want {
			t.Errorf("%q: %v, %v", given, c, err)
		}
	}
}

// TestManifest: what Helm stored of a release says the same as the render.
func TestManifest(t *testing.T) {
	t.Parallel()
	objects, warnings := FromManifest("---\n# Source: gen3/charts/fence/templates/external-secret.yaml\napiVersion: external-secrets.io/v1\nkind: ExternalSecret\n" +
		"metadata: {name: fence-config}\nspec:\n  data: [{secretKey: fence-config.yaml, remoteRef: {key: fence-config}}]\n---\nkind: [\n")
	if len(objects) != 1 || objects[0].Source != "gen3/charts/fence/templates/external-secret.yaml" || len(warnings) != 1 {
		t.Fatal(objects, warnings)
	}
	if r := gen3.Take(objects).Requirements; len(r) != 1 || r[0].Severity != gen3.SyncOnly {
		t.Error(r)
	}
}
