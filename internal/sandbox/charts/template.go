package charts

import (
	"bytes"
	"fmt"
	"strings"

	"sigs.k8s.io/yaml"
)

// placeholder is an annotation whose line becomes annotationTemplate.
const placeholder = "sandbox-annotations-go-here"

// annotationTemplate stands among a CRD's annotations in the published chart.
const annotationTemplate = `    {{- with .Values.crds.annotations }}
    {{- toYaml . | nindent 4}}
    {{- end }}
    {{- if and .Values.crds.conversion.enabled .Values.webhook.certManager.enabled .Values.webhook.certManager.addInjectorAnnotations }}
    cert-manager.io/inject-ca-from: {{ .Release.Namespace }}/{{ include "external-secrets.fullname" . }}-webhook
    {{- end }}
`

// template is the chart's template of a CRD. It does what upstream's
// hack/helm.generate.sh does to the bundle: the values decide whether the CRD
// is installed, its annotations and whether it says how it is converted. (The
// script's clause on v1alpha1 stores applies to no CRD of this version.)
func (c *crd) template() ([]byte, error) {
	conversion, err := c.takeConversion()
	if err != nil {
		return nil, err
	}
	c.Metadata.Annotations[placeholder] = ""
	body, err := yaml.Marshal(c) // keys sorted: spec, to be continued, is last
	if err != nil {
		return nil, fmt.Errorf("write CRD %s: %w", c.Metadata.Name, err)
	}
	if bytes.Contains(body, []byte("{{")) {
		return nil, fmt.Errorf("write CRD %s: it holds template delimiters", c.Metadata.Name)
	}
	line := "    " + placeholder + `: ""` + "\n"
	text := strings.Replace(string(body), line, annotationTemplate, 1)
	return []byte("{{- if " + c.condition() + " }}\n" + text + conversion + "{{- end }}\n"), nil
}

// condition is the one under which the CRD is installed.
func (c *crd) condition() string {
	kind := c.name("kind")
	if strings.Contains(kind, "Cluster") || strings.Contains(kind, "PushSecret") {
		return "and (.Values.installCRDs) (.Values.crds.create" + kind + ")"
	}
	return ".Values.installCRDs"
}

// takeConversion removes spec.conversion and returns it as a guarded block.
func (c *crd) takeConversion() (string, error) {
	conversion, ok := c.Spec["conversion"]
	if !ok {
		return "", nil
	}
	delete(c.Spec, "conversion")
	block, err := yaml.Marshal(map[string]any{"conversion": conversion})
	if err != nil {
		return "", fmt.Errorf("write conversion of CRD %s: %w", c.Metadata.Name, err)
	}
	indented := "  " + strings.ReplaceAll(strings.TrimRight(string(block), "\n"), "\n", "\n  ") + "\n"
	return "{{- if .Values.crds.conversion.enabled }}\n" + indented + "{{- end }}\n", nil
}
