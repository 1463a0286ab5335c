package gen3

import (
	"cmp"
	"encoding/json"
	"path"
	"slices"
	"strings"
)

// Via is how a Secret of Kubernetes is read.
type Via string

// The ways.
const (
	ViaEnv     Via = "env"     // one key as a variable
	ViaEnvFrom Via = "envFrom" // each key as a variable
	ViaVolume  Via = "volume"  // a directory, which follows changes
	ViaSubPath Via = "subPath" // one file, which does not
	ViaStore   Via = "store"   // a SecretStore signs in with it
	ViaText    Via = "text"    // named in a ConfigMap, from which pods are made later
)

// Severity is what comes of it when a secret is missing, the gravest first.
type Severity int

// The severities.
const (
	StopsPods Severity = iota + 1 // of a Deployment, StatefulSet or DaemonSet
	AtUse                         // something fails when it is used
	JobsOnly                      // jobs alone
	SyncOnly                      // nothing reads it: the ExternalSecret reports an error, and no more
	Optional                      // it is read as optional
)

// String is how the severity is written in documents.
func (s Severity) String() string {
	return map[Severity]string{StopsPods: "stops-pods", AtUse: "at-use", JobsOnly: "jobs-only", SyncOnly: "sync-only", Optional: "optional"}[s]
}

// MarshalText implements encoding.TextMarshaler.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Reader is one way in which somebody reads a Secret of Kubernetes.
type Reader struct {
	Secret    string
	Key       string // "" is all of it
	By        string // such as "Deployment indexd-deployment"
	Container string
	Source    string // the template of the reader
	Via       Via
	Optional  bool
}

// Severity is what breaks without it.
func (r Reader) Severity() Severity {
	kind, _, _ := strings.Cut(r.By, " ")
	switch {
	case r.Optional:
		return Optional
	case r.Via == ViaText:
		return AtUse
	case r.Via == ViaStore:
		return StopsPods
	case kind == "Job" || kind == "CronJob":
		return JobsOnly
	}
	return StopsPods
}

// NeedsKey reports whether the reader fails without its key, the Secret being there.
func (r Reader) NeedsKey() bool { return r.Key != "" && !r.Optional }

// Restart reports whether the reader has to be started anew to see a change.
func (r Reader) Restart() bool { return r.Via == ViaEnv || r.Via == ViaEnvFrom || r.Via == ViaSubPath }

// Without says what happens to the reader when the Secret, or its key, is missing.
func (r Reader) Without() string {
	switch {
	case r.Optional:
		return "starts without it"
	case r.Via == ViaStore:
		return "all of its ExternalSecrets fail"
	case r.Via == ViaText:
		return "fails when it is used"
	case r.Via == ViaEnv || r.Via == ViaEnvFrom:
		return "CreateContainerConfigError"
	case r.Via == ViaSubPath:
		return "FailedMount; without the key alone no error, but an empty directory in the place of the file"
	}
	return "FailedMount"
}

// podSpec is the spec of the pods that an object makes, or nil.
func podSpec(o Object) map[string]any {
	for _, at := range [][]string{{"spec", "template", "spec"}, {"spec", "jobTemplate", "spec", "template", "spec"}} {
		if spec := mapping(in(o.Content, at...)); spec["containers"] != nil {
			return spec
		}
	}
	if o.Kind() == "Pod" {
		return mapping(o.Content["spec"])
	}
	return nil
}

func containers(spec map[string]any) []map[string]any {
	return append(maps(spec["initContainers"]), maps(spec["containers"])...)
}

func readersIn(o Object) []Reader {
	if o.Kind() == "ConfigMap" {
		return textReaders(o)
	}
	spec := podSpec(o)
	if spec == nil {
		return nil
	}
	base := Reader{By: o.Ref(), Source: o.Source}
	var out []Reader
	volumes := volumesOf(spec)
	mounted := map[string]bool{}
	for _, c := range containers(spec) {
		r := base
		r.Container = str(c["name"])
		out = append(out, r.environment(c)...)
		for _, m := range maps(c["volumeMounts"]) {
			name := str(m["name"])
			mounted[name] = true
			for _, v := range volumes[name] {
				out = append(out, r.mount(v, str(m["subPath"]))...)
			}
		}
	}
	for name, parts := range volumes {
		if !mounted[name] { // the kubelet makes it all the same
			for _, v := range parts {
				out = append(out, base.mount(v, "")...)
			}
		}
	}
	return once(out)
}

func (r Reader) environment(c map[string]any) []Reader {
	var out []Reader
	for _, e := range maps(c["env"]) {
		if ref := mapping(in(e, "valueFrom", "secretKeyRef")); str(ref["name"]) != "" {
			out = append(out, r.by(ViaEnv, str(ref["name"]), str(ref["key"]), ref["optional"]))
		}
	}
	for _, e := range maps(c["envFrom"]) {
		if ref := mapping(e["secretRef"]); str(ref["name"]) != "" {
			out = append(out, r.by(ViaEnvFrom, str(ref["name"]), "", ref["optional"]))
		}
	}
	return out
}

func (r Reader) by(via Via, secret, key string, optional any) Reader {
	r.Via, r.Secret, r.Key = via, secret, key
	r.Optional, _ = optional.(bool)
	return r
}

// secretVolume is a Secret within a volume.
type secretVolume struct {
	secret   string
	items    map[string]string // path to key; nil is each key under its own name
	optional any
}

// volumesOf are the Secrets in the volumes of a pod, by the volume's name.
func volumesOf(spec map[string]any) map[string][]secretVolume {
	out := map[string][]secretVolume{}
	for _, v := range maps(spec["volumes"]) {
		name := str(v["name"])
		if s := mapping(v["secret"]); str(s["secretName"]) != "" {
			out[name] = append(out[name], volumeOf(s, str(s["secretName"])))
		}
		for _, source := range maps(in(v, "projected", "sources")) {
			if s := mapping(source["secret"]); str(s["name"]) != "" {
				out[name] = append(out[name], volumeOf(s, str(s["name"])))
			}
		}
	}
	return out
}

func volumeOf(s map[string]any, secret string) secretVolume {
	out := secretVolume{secret: secret, optional: s["optional"]}
	for _, item := range maps(s["items"]) {
		if out.items == nil {
			out.items = map[string]string{}
		}
		out.items[str(item["path"])] = str(item["key"])
	}
	return out
}

// mount is how a container that mounts a volume, or a part of it, reads the Secret.
func (r Reader) mount(v secretVolume, subPath string) []Reader {
	if subPath != "" {
		file, _, _ := strings.Cut(path.Clean(subPath), "/")
		return []Reader{r.by(ViaSubPath, v.secret, cmp.Or(v.items[subPath], v.items[file], file), v.optional)}
	}
	if v.items == nil {
		return []Reader{r.by(ViaVolume, v.secret, "", v.optional)}
	}
	var out []Reader
	for _, key := range v.items {
		out = append(out, r.by(ViaVolume, v.secret, key, v.optional))
	}
	return out
}

// textReaders are the Secrets that JSON in a ConfigMap names, for pods that a service makes later (sower, hatchery).
func textReaders(o Object) []Reader {
	base := Reader{By: o.Ref(), Source: o.Source}
	var out []Reader
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, item := range v {
				walk(item)
			}
		case map[string]any:
			out = append(out, base.inText(v)...)
			for _, inner := range v {
				walk(inner)
			}
		}
	}
	for _, text := range mapping(o.Content["data"]) {
		t := strings.TrimSpace(str(text))
		if !strings.HasPrefix(t, "{") && !strings.HasPrefix(t, "[") {
			continue
		}
		var content any
		if json.Unmarshal([]byte(t), &content) == nil {
			walk(content)
		}
	}
	return once(out)
}

func (r Reader) inText(m map[string]any) []Reader {
	var out []Reader
	if ref := mapping(m["secret"]); str(ref["secretName"]) != "" {
		out = append(out, r.by(ViaText, str(ref["secretName"]), "", ref["optional"]))
		for _, item := range maps(ref["items"]) {
			out = append(out, r.by(ViaText, str(ref["secretName"]), str(item["key"]), ref["optional"]))
		}
	}
	if ref := mapping(m["secretKeyRef"]); str(ref["name"]) != "" {
		out = append(out, r.by(ViaText, str(ref["name"]), str(ref["key"]), ref["optional"]))
	}
	if name := str(m["g3auto-name"]); name != "" {
		out = append(out, r.by(ViaText, name, str(m["g3auto-key"]), nil))
	}
	return out
}

// once drops what is there a second time.
func once(readers []Reader) []Reader {
	var out []Reader
	for _, r := range readers {
		if !slices.Contains(out, r) {
			out = append(out, r)
		}
	}
	return out
}
