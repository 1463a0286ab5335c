package helminstall

import (
	"strings"
	"testing"
	"time"

	"helm.sh/helm/v3/pkg/release"

	"github.com/uc-cdis/gen3-bootstrap/helminstall/chartsource"
	"github.com/uc-cdis/gen3-bootstrap/helminstall/stored"
	"github.com/uc-cdis/gen3-bootstrap/internal/helmvalues"
	"github.com/uc-cdis/gen3-bootstrap/internal/owner"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// at is the time of every table test.
func at() time.Time { return time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC) }

// stored is a release of ours as a first install leaves it; the changes make it what a row needs.
func aRelease(changes ...func(*stored.Record)) *stored.Record {
	r := &stored.Record{
		Name: "external-secrets", Namespace: "external-secrets", Revision: 1, Config: baseValues(),
		Labels: map[string]string{stored.ManagedByLabel: stored.ManagedBy},
	}
	r.Info.Status, r.Info.LastDeployed.Time = release.StatusDeployed, at().Add(-time.Minute)
	r.Chart.Metadata.Name, r.Chart.Metadata.Version = chartsource.DefaultChart, chartsource.DefaultVersion
	for _, change := range changes {
		change(r)
	}
	return r
}

func status(s release.Status) func(*stored.Record) {
	return func(r *stored.Record) { r.Info.Status = s }
}

func old(d time.Duration) func(*stored.Record) {
	return func(r *stored.Record) { r.Info.LastDeployed.Time = at().Add(-d) }
}

func deleted(d time.Duration) func(*stored.Record) {
	return func(r *stored.Record) { r.Info.Deleted.Time = at().Add(-d) }
}

// byUs is that our driver stored the revision with the status that it has.
func byUs(r *stored.Record) {
	r.Labels[stored.MarkLabel] = stored.Mark(r.Revision, r.Info.Status, r.Info.Deleted)
}

// carried is that Helm took the mark of an earlier revision, or of an earlier status, along.
func carried(mark string) func(*stored.Record) {
	return func(r *stored.Record) { r.Labels[stored.MarkLabel] = mark }
}

func unmarked(r *stored.Record) { r.Labels = nil }
func described(text string) func(*stored.Record) {
	return func(r *stored.Record) { r.Info.Description = text }
}

func withManifest(text string) func(*stored.Record) {
	return func(r *stored.Record) { r.Manifest = text }
}

func withDigest(d string) func(*stored.Record) {
	return func(r *stored.Record) { r.Labels[stored.DigestLabel] = d }
}

func withChart(name string) func(*stored.Record) {
	return func(r *stored.Record) { r.Chart.Metadata.Name = name }
}

func crdsOf(release, ns string) []CRD {
	return []CRD{{Name: watchedCRDs()[0], Served: []string{"v1", "v1beta1"}, Owner: owner.Owner{Release: release, Namespace: ns}}}
}

// plainCRD is kept, and has no conversion.
const plainCRD = "---\nkind: CustomResourceDefinition\nmetadata:\n  name: x.example.org\n  annotations: {helm.sh/resource-policy: keep}\n"

func TestClassify(t *testing.T) {
	argo := Operator{Namespace: "kube-system", Name: "eso", Version: "v0.9.13", Available: true, Confirmed: true, Owner: owner.Owner{ArgoApp: "eso-app"}}
	eso := owner.Owner{Release: "eso", Namespace: "infra"}
	rests := []Rest{{"validatingwebhookconfiguration/a", eso}, {"validatingwebhookconfiguration/b", eso}}
	flux := Operator{Namespace: "external-secrets", Name: "eso", Available: true, Confirmed: true, Owner: owner.Owner{Release: "external-secrets", Namespace: "external-secrets", Flux: "infra/eso"}}
	own := Operator{Namespace: "external-secrets", Name: "eso", Available: true, Owner: owner.Owner{Release: "external-secrets", Namespace: "external-secrets"}}
	imageOnly := Operator{Namespace: "tenant", Name: "web", Available: true, Owner: owner.Owner{Release: "web", Namespace: "tenant"}}
	confirmed := Operator{Namespace: "infra", Name: "eso", Available: true, Confirmed: true, Owner: eso}
	tests := map[string]struct {
		seen   Observed
		want   func(*Want)
		state  State
		action plan.Action
		reason string // a part of it
		hint   string // a part of it
		warns  int
		check  func(Verdict) bool

		unnamed bool // no cluster-wide object names the release
	}{
		"nothing there":                    {state: Absent, action: plan.Create, reason: "chart external-secrets 0.16.2"},
		"namespace going":                  {seen: Observed{NamespaceTerminating: true}, state: Refused, action: plan.Blocked, reason: "being deleted"},
		"CRD going":                        {seen: Observed{CRDs: []CRD{{Name: "x", Terminating: true}}}, state: Refused, action: plan.Blocked, reason: "CRD x"},
		"operator of Argo CD":              {seen: Observed{Operators: []Operator{argo}, CRDs: crdsOf("", "")}, state: Elsewhere, action: plan.None, reason: "deployment/kube-system/eso (version v0.9.13) of Argo CD application eso-app; it serves v1 and v1beta1: used"},
		"it is not available":              {seen: Observed{Operators: []Operator{{Name: "a", Confirmed: true}}}, state: Elsewhere, action: plan.None, warns: 1},
		"settings cannot apply":            {seen: Observed{Operators: []Operator{argo}}, want: func(w *Want) { w.Explicit = true }, state: Elsewhere, action: plan.None, warns: 1},
		"another Helm release":             {seen: Observed{CRDs: crdsOf("eso", "infra"), Other: aRelease()}, state: Elsewhere, action: plan.None, reason: "Helm release eso in namespace infra"},
		"its install goes on":              {seen: Observed{CRDs: crdsOf("eso", "infra"), Other: aRelease(status(release.StatusPendingInstall), unmarked)}, state: Busy, action: plan.Create, reason: "Helm release eso in namespace infra is pending-install since 1m0s"},
		"its install, cut off":             {seen: Observed{CRDs: crdsOf("eso", "infra"), Other: aRelease(status(release.StatusPendingInstall), byUs)}, want: func(w *Want) { w.HolderGone = true }, state: Leftover, action: plan.Create},
		"its install, failed":              {seen: Observed{CRDs: crdsOf("eso", "infra"), Other: aRelease(status(release.StatusFailed))}, state: Leftover, action: plan.Create},
		"CRDs of another, left":            {seen: Observed{CRDs: crdsOf("eso", "infra")}, state: Leftover, action: plan.Create, reason: "left by Helm release eso", check: func(v Verdict) bool { return v.TakeOwnership }},
		"CRDs, operator unseen":            {seen: Observed{CRDs: crdsOf("eso", "infra"), Unseen: "Deployments of all namespaces may not be listed"}, state: Foreign, action: plan.Blocked, reason: "whether their operator is cannot be seen: Deployments of all", hint: "--skip-helm"},
		"our CRDs, unseen":                 {seen: Observed{CRDs: crdsOf("external-secrets", "external-secrets"), Unseen: "x"}, state: Leftover, action: plan.Create},
		"webhooks left":                    {seen: Observed{CRDs: crdsOf("eso", "infra"), Rests: rests}, state: Foreign, action: plan.Blocked, reason: "left validatingwebhookconfiguration/a and validatingwebhookconfiguration/b (of Helm release eso in namespace infra)", hint: "--release eso --release-namespace infra"},
		"webhooks left, adopted":           {seen: Observed{CRDs: crdsOf("eso", "infra"), Rests: rests}, want: func(w *Want) { w.Adopt = true }, state: Leftover, action: plan.Create, reason: "with the webhooks that it left", check: func(v Verdict) bool { return v.TakeOwnership }},
		"CRDs of ours, another's operator": {seen: Observed{CRDs: crdsOf("external-secrets", "external-secrets"), Operators: []Operator{{Namespace: "tenant", Name: "eso", Owner: owner.Owner{Release: "eso", Namespace: "tenant"}}}}, state: Refused, action: plan.Blocked, reason: "something else looks like the operator: deployment/tenant/eso", hint: "--release external-secrets --release-namespace external-secrets"},
		"it is overruled":                  {seen: Observed{CRDs: crdsOf("external-secrets", "external-secrets"), Operators: []Operator{{Namespace: "tenant", Name: "eso"}}}, want: func(w *Want) { w.ReleaseGiven = true }, state: Leftover, action: plan.Create, warns: 1},
		"CRDs of ours, left":               {seen: Observed{CRDs: crdsOf("external-secrets", "external-secrets")}, state: Leftover, action: plan.Create, check: func(v Verdict) bool { return !v.TakeOwnership }},
		"up to date":                       {seen: Observed{Release: aRelease()}, state: InSync, action: plan.None, reason: "up to date"},
		"other version":                    {seen: Observed{Release: aRelease()}, want: func(w *Want) { w.Version = "0.17.0" }, state: Drifted, action: plan.Update, reason: "chart 0.16.2 -> 0.17.0", check: func(v Verdict) bool { return v.NewChart }},
		"same version, other v":            {seen: Observed{Release: aRelease()}, want: func(w *Want) { w.Version = "v0.16.2" }, state: InSync, action: plan.None},
		"other chart":                      {seen: Observed{Release: aRelease()}, want: func(w *Want) { w.Chart, w.Version = "mini", "1.0.0" }, state: Drifted, action: plan.Update, reason: "external-secrets 0.16.2 -> mini 1.0.0"},
		"same content":                     {seen: Observed{Release: aRelease(withDigest("abc"))}, want: func(w *Want) { w.Digest = "abc" }, state: InSync, action: plan.None},
		"other content":                    {seen: Observed{Release: aRelease(withDigest("abc"))}, want: func(w *Want) { w.Digest = "def" }, state: Drifted, action: plan.Update, reason: "digest abc -> def"},
		"other values":                     {seen: Observed{Release: aRelease()}, want: func(w *Want) { w.Values = helmvalues.Merge(w.Values, map[string]any{"password": "hunter2"}) }, state: Drifted, action: plan.Update, reason: "values differ: password", check: func(v Verdict) bool { return !strings.Contains(v.Reason, "hunter2") && !v.NewChart }},
		"missing deployment":               {seen: Observed{Release: aRelease(), Missing: []string{"deployment/a/b"}}, state: Drifted, action: plan.Update, reason: "missing in the cluster: deployment/a/b"},
		"failed":                           {seen: Observed{Release: aRelease(status(release.StatusFailed), described("no\n  quota"))}, state: Failed, action: plan.Update, reason: "revision 1 is failed: no quota"},
		"failed, foreign":                  {seen: Observed{Release: aRelease(status(release.StatusFailed), unmarked)}, state: Foreign, action: plan.Blocked, hint: "--adopt"},
		"failed, adopted":                  {seen: Observed{Release: aRelease(status(release.StatusFailed), unmarked)}, want: func(w *Want) { w.Adopt = true }, state: Failed, action: plan.Adopt},
		"pending, ours, gone":              {seen: Observed{Release: aRelease(status(release.StatusPendingInstall), byUs)}, want: func(w *Want) { w.HolderGone = true }, state: Failed, action: plan.Update, reason: "left pending-install by a run of ours that is gone: revision 1 is marked failed"},
		"pending, ours, alive":             {seen: Observed{Release: aRelease(status(release.StatusPendingUpgrade), byUs)}, state: Busy, action: plan.Update, reason: "by a run of ours since 1m0s"},
		"pending, foreign":                 {seen: Observed{Release: aRelease(status(release.StatusPendingUpgrade), unmarked)}, want: func(w *Want) { w.HolderGone = true }, state: Busy, action: plan.Update, reason: "by somebody else since 1m0s"},
		"pending, foreign, old":            {seen: Observed{Release: aRelease(status(release.StatusPendingRollback), unmarked, old(11*time.Minute))}, state: Failed, action: plan.Update, reason: "left pending-rollback by somebody else 11m0s ago: revision 1 is marked failed and the release upgraded; it remains", check: func(v Verdict) bool { return v.FinishOnly }},
		"pending, foreign, short":          {seen: Observed{Release: aRelease(status(release.StatusPendingUpgrade), unmarked, old(9*time.Minute))}, want: func(w *Want) { w.Timeout = time.Minute }, state: Busy, action: plan.Update, reason: "since 9m0s"},
		"pending, foreign, long":           {seen: Observed{Release: aRelease(status(release.StatusPendingUpgrade), unmarked, old(11*time.Minute))}, want: func(w *Want) { w.Timeout = time.Hour }, state: Busy, action: plan.Update, reason: "since 11m0s"},
		"pending, adopted":                 {seen: Observed{Release: aRelease(status(release.StatusPendingUpgrade), unmarked, old(time.Hour))}, want: func(w *Want) { w.Adopt = true }, state: Failed, action: plan.Adopt, reason: "left pending-upgrade", check: func(v Verdict) bool { return !v.FinishOnly }},
		"pending, flags differ":            {seen: Observed{Release: aRelease(status(release.StatusPendingUpgrade), unmarked, old(time.Hour))}, want: func(w *Want) { w.Version, w.Explicit = "0.17.0", true }, state: Foreign, action: plan.Blocked, reason: "left pending-upgrade by somebody else", hint: "--adopt"},
		"pending, other chart":             {seen: Observed{Release: aRelease(status(release.StatusPendingInstall), unmarked, old(time.Hour), withChart("nginx"))}, state: Foreign, action: plan.Blocked, reason: "chart nginx", hint: "--release"},
		"pending, Flux":                    {seen: Observed{Release: aRelease(status(release.StatusPendingUpgrade), unmarked, old(time.Hour)), Operators: []Operator{flux}}, want: func(w *Want) { w.Adopt = true }, state: Foreign, action: plan.Blocked, reason: "pending-upgrade since 1h0m0s", hint: "Flux HelmRelease infra/eso"},
		"failed, Flux":                     {seen: Observed{Release: aRelease(status(release.StatusFailed), unmarked), CRDs: []CRD{{Owner: flux.Owner}}}, want: func(w *Want) { w.Adopt = true }, state: Foreign, action: plan.Blocked, hint: "change it in Flux HelmRelease infra/eso"},
		"Flux, adopt": {seen: Observed{Release: aRelease(unmarked, withManifest("---\nkind: CustomResourceDefinition\n")), Operators: []Operator{flux}}, want: func(w *Want) { w.Adopt = true }, state: InSync, action: plan.None, reason: "installed by Flux HelmRelease infra/eso: used", warns: 2, check: func(v Verdict) bool {
			return strings.Contains(v.Warnings[1], "crds.annotations") && !strings.Contains(v.Warnings[1], "--adopt")
		}},
		"Flux, differs":             {seen: Observed{Release: aRelease(unmarked), Operators: []Operator{flux}}, want: func(w *Want) { w.Version, w.Explicit, w.Adopt = "0.17.0", true, true }, state: Foreign, action: plan.Blocked, reason: "0.16.2 -> 0.17.0", hint: "change it in Flux"},
		"a wrapper, its operator":   {seen: Observed{Release: aRelease(unmarked, withChart("platform")), Operators: []Operator{{Name: "a", Available: true, Confirmed: true, Owner: owner.Owner{Release: "external-secrets", Namespace: "external-secrets"}}}}, state: InSync, action: plan.None, reason: "chart platform 0.16.2, revision 1, installed by somebody else: used"},
		"failed, another chart":     {seen: Observed{Release: aRelease(status(release.StatusFailed), unmarked, withChart("nginx"))}, want: func(w *Want) { w.Adopt = true }, state: Foreign, action: plan.Blocked, reason: "chart nginx", hint: "--release"},
		"uninstalling, gone":        {seen: Observed{Release: aRelease(status(release.StatusUninstalling), byUs)}, want: func(w *Want) { w.HolderGone = true }, state: Failed, action: plan.Update},
		"pending, mark carried":     {seen: Observed{Release: aRelease(status(release.StatusPendingUpgrade), carried("0.deployed"))}, want: func(w *Want) { w.HolderGone = true }, state: Busy, action: plan.Update, reason: "by somebody else since 1m0s"},
		"pending, mark too old":     {seen: Observed{Release: aRelease(status(release.StatusPendingUpgrade))}, want: func(w *Want) { w.HolderGone = true }, state: Busy, action: plan.Update, reason: "by somebody else since 1m0s"},
		"uninstalling, foreign":     {seen: Observed{Release: aRelease(status(release.StatusUninstalling), carried("1.deployed"), old(time.Hour), deleted(time.Minute))}, want: func(w *Want) { w.HolderGone = true }, state: Busy, action: plan.Update, reason: "by somebody else since 1m0s"},
		"uninstalling, again":       {seen: Observed{Release: aRelease(status(release.StatusUninstalling), deleted(time.Hour), byUs, deleted(time.Minute))}, want: func(w *Want) { w.HolderGone = true }, state: Busy, action: plan.Update, reason: "by somebody else since 1m0s"},
		"uninstalling, old":         {seen: Observed{Release: aRelease(status(release.StatusUninstalling), carried("1.deployed"), old(time.Hour), deleted(11*time.Minute))}, state: Failed, action: plan.Update, reason: "left uninstalling by somebody else 11m0s ago"},
		"uninstalling, no date":     {seen: Observed{Release: aRelease(status(release.StatusUninstalling), old(time.Hour))}, state: Failed, action: plan.Update, reason: "1h0m0s ago"},
		"uninstalled, kept":         {seen: Observed{Release: aRelease(status(release.StatusUninstalled))}, state: Removed, action: plan.Create},
		"superseded only":           {seen: Observed{Release: aRelease(status(release.StatusSuperseded))}, state: Failed, action: plan.Update},
		"foreign, up to date":       {seen: Observed{Release: aRelease(unmarked)}, state: InSync, action: plan.None, reason: "installed by somebody else: used"},
		"foreign, CRDs not kept":    {seen: Observed{Release: aRelease(unmarked, withManifest("---\nkind: CustomResourceDefinition\n"))}, state: InSync, action: plan.None, warns: 1},
		"foreign, differs":          {seen: Observed{Release: aRelease(unmarked)}, want: func(w *Want) { w.Version, w.Explicit = "0.17.0", true }, state: Foreign, action: plan.Blocked, reason: "0.16.2 -> 0.17.0", hint: "--adopt"},
		"foreign, adopted":          {seen: Observed{Release: aRelease(unmarked)}, want: func(w *Want) { w.Adopt = true }, state: Drifted, action: plan.Adopt, reason: "taken over"},
		"old conversion":            {seen: Observed{Release: aRelease(withManifest(plainCRD)), CRDs: []CRD{{Name: "x.example.org", Converts: true}}}, state: Drifted, action: plan.Update, reason: "CRD x.example.org asks for the conversion webhook of an older operator"},
		"conversion of its own":     {seen: Observed{Release: aRelease(withManifest(plainCRD + "spec:\n  conversion: {strategy: Webhook}\n")), CRDs: []CRD{{Name: "x.example.org", Converts: true}}}, state: InSync, action: plan.None},
		"CRDs of somebody else":     {seen: Observed{Release: aRelease(), CRDs: []CRD{{Name: "x.example.org", Converts: true}}}, state: InSync, action: plan.None},
		"foreign, conversion":       {seen: Observed{Release: aRelease(unmarked, withManifest(plainCRD)), CRDs: []CRD{{Name: "x.example.org", Converts: true}}}, state: InSync, action: plan.None, warns: 1},
		"claimed, up to date":       {unnamed: true, seen: Observed{Release: aRelease()}, state: InSync, action: plan.None, reason: "installed by somebody (its Secret says gen3-bootstrap, but neither its Namespace nor CRDs name the release): used"},
		"claimed, differs":          {unnamed: true, seen: Observed{Release: aRelease()}, want: func(w *Want) { w.Version, w.Explicit = "0.17.0", true }, state: Foreign, action: plan.Blocked, reason: "0.16.2 -> 0.17.0", hint: "--adopt"},
		"claimed, adopted":          {unnamed: true, seen: Observed{Release: aRelease()}, want: func(w *Want) { w.Adopt = true }, state: Drifted, action: plan.Adopt, reason: "neither its Namespace nor CRDs"},
		"claimed, failed":           {unnamed: true, seen: Observed{Release: aRelease(status(release.StatusFailed))}, state: Failed, action: plan.Create, reason: "revision 1 is failed, and neither its Namespace nor CRDs name the release: installed anew, chart", check: func(v Verdict) bool { return v.NewChart }},
		"claimed, pending, gone":    {unnamed: true, seen: Observed{Release: aRelease(status(release.StatusPendingInstall), byUs)}, want: func(w *Want) { w.HolderGone = true }, state: Failed, action: plan.Create, reason: "installed anew"},
		"claimed, pending, alive":   {unnamed: true, seen: Observed{Release: aRelease(status(release.StatusPendingInstall), byUs)}, state: Busy, action: plan.Update, reason: "a run of ours"},
		"claimed, failed, used":     {unnamed: true, seen: Observed{Release: aRelease(status(release.StatusFailed)), Operators: []Operator{argo}, CRDs: crdsOf("", "")}, state: Elsewhere, action: plan.None, reason: "Argo CD application eso-app"},
		"pending, foreign, unnamed": {unnamed: true, seen: Observed{Release: aRelease(status(release.StatusPendingUpgrade), unmarked, old(time.Hour))}, state: Foreign, action: plan.Blocked, reason: "before the operator's CRDs bore its name", hint: "--adopt"},
		"lost":                      {seen: Observed{NamespaceNames: true, Operators: []Operator{own}, CRDs: crdsOf("external-secrets", "external-secrets")}, state: Lost, action: plan.Create, reason: "no Secret stores it any more, and its operator is there (deployment/external-secrets/eso): installed over its own objects"},
		"lost, of nobody":           {seen: Observed{Operators: []Operator{own}, CRDs: crdsOf("external-secrets", "external-secrets")}, state: Elsewhere, action: plan.None, warns: 1, check: func(v Verdict) bool { return strings.Contains(v.Warnings[0], "--adopt stores it anew") }},
		"lost, unnamed": {unnamed: true, seen: Observed{Operators: []Operator{own}, CRDs: crdsOf("", "")}, want: func(w *Want) { w.Explicit = true }, state: Elsewhere, action: plan.None, warns: 2, check: func(v Verdict) bool {
			w := strings.Join(v.Warnings, "\n")
			return !strings.Contains(w, "--") && strings.Contains(w, "kubectl get deployment eso -n external-secrets -o yaml")
		}},
		"a tenant's and a real one": {seen: Observed{Operators: []Operator{imageOnly, confirmed}, CRDs: crdsOf("eso", "infra")}, want: func(w *Want) { w.Explicit = true }, state: Elsewhere, action: plan.None, warns: 1, check: func(v Verdict) bool {
			return strings.Contains(v.Warnings[0], "--release eso --release-namespace infra") && !strings.Contains(v.Warnings[0], "tenant")
		}},
		"lost, adopted":            {seen: Observed{Operators: []Operator{own}, CRDs: crdsOf("", "")}, want: func(w *Want) { w.Adopt = true }, state: Lost, action: plan.Create},
		"lost, CRDs of another":    {seen: Observed{NamespaceNames: true, Operators: []Operator{own}, CRDs: crdsOf("eso", "infra")}, state: Elsewhere, action: plan.None, warns: 1},
		"lost, Flux":               {seen: Observed{NamespaceNames: true, Operators: []Operator{flux}, CRDs: crdsOf("external-secrets", "external-secrets")}, state: Elsewhere, action: plan.None},
		"lookalikes":               {seen: Observed{Lookalikes: []string{"deployment/tenant/web"}}, state: Absent, action: plan.Create, warns: 1, check: func(v Verdict) bool { return strings.Contains(v.Warnings[0], "deployment/tenant/web") }},
		"lookalikes, up to date":   {seen: Observed{Release: aRelease(), Lookalikes: []string{"deployment/tenant/web"}}, state: InSync, action: plan.None},
		"an image alone":           {seen: Observed{Operators: []Operator{imageOnly}, CRDs: crdsOf("eso", "infra")}, state: Elsewhere, action: plan.None, reason: "deployment/tenant/web", warns: 1},
		"an image, overruled":      {seen: Observed{Operators: []Operator{imageOnly}, CRDs: crdsOf("eso", "infra")}, want: func(w *Want) { w.ReleaseGiven = true }, state: Leftover, action: plan.Create, warns: 1},
		"confirmed, not overruled": {seen: Observed{Operators: []Operator{argo}, CRDs: crdsOf("", "")}, want: func(w *Want) { w.Adopt, w.ReleaseGiven = true, true }, state: Elsewhere, action: plan.None},
		"foreign, other chart":     {seen: Observed{Release: aRelease(unmarked, withChart("nginx"))}, state: Foreign, action: plan.Blocked, reason: "chart nginx", hint: "--release"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := Want{
				Release: "external-secrets", Namespace: "external-secrets", Timeout: 10 * time.Minute, Now: at(),
				Values: baseValues(), Asked: baseValues(),
			}
			if test.seen.Release == nil {
				w.Chart, w.Version = chartsource.DefaultChart, chartsource.DefaultVersion
			}
			test.seen.CRDsName = !test.unnamed // by the cluster-wide objects; what it means is in TestOurs
			if test.want != nil {
				test.want(&w)
			}
			v := Classify(&test.seen, w)
			if v.State != test.state || v.Action != test.action {
				t.Errorf("got %s, %s (%s); want %s, %s", v.State, v.Action, v.Reason, test.state, test.action)
			}
			if !strings.Contains(v.Reason, test.reason) || !strings.Contains(v.Hint, test.hint) || v.Reason == "" {
				t.Errorf("reason %q, hint %q", v.Reason, v.Hint)
			}
			if (v.Action == plan.Blocked) != (v.Hint != "") {
				t.Errorf("hint %q for %s", v.Hint, v.Action)
			}
			if len(v.Warnings) != test.warns || test.check != nil && !test.check(v) {
				t.Errorf("verdict %+v", v)
			}
		})
	}
}
