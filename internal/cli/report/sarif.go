package report

import (
	"cmp"
	"net/url"
	"path/filepath"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap/lint"
)

// The part of SARIF 2.1.0 that code hosts make annotations of (https://docs.oasis-open.org/sarif/sarif/v2.1.0).
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool    sarifTool     `json:"tool"`
		Results []sarifResult `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name           string      `json:"name"`
		InformationURI string      `json:"informationUri"`
		Rules          []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID string `json:"id"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifResult struct {
		RuleID    string          `json:"ruleId"`
		Level     string          `json:"level"`
		Message   sarifText       `json:"message"`
		Locations []sarifLocation `json:"locations"`
	}
	sarifLocation struct {
		PhysicalLocation sarifPhysical `json:"physicalLocation"`
	}
	sarifPhysical struct {
		ArtifactLocation sarifArtifact `json:"artifactLocation"`
		Region           sarifRegion   `json:"region"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		StartLine   int `json:"startLine"`
		StartColumn int `json:"startColumn"`
	}
)

// SARIF is the document of lint for code hosts. Each finding has a place, the first line of the file where no key is to blame.
func SARIF(r lint.Result) any {
	run := sarifRun{Results: []sarifResult{}, Tool: sarifTool{Driver: sarifDriver{
		Name: "gen3-bootstrap", InformationURI: "https://github.com/uc-cdis/gen3-bootstrap", Rules: []sarifRule{},
	}}}
	known := map[string]bool{}
	for _, f := range r.Findings {
		if !known[f.Rule] {
			known[f.Rule] = true
			run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, sarifRule{f.Rule})
		}
		text := f.Message
		if f.Hint != "" {
			text += ". " + f.Hint
		}
		run.Results = append(run.Results, sarifResult{
			RuleID: f.Rule, Level: string(f.Level), Message: sarifText{text},
			Locations: []sarifLocation{{sarifPhysical{sarifArtifact{uriOf(f.File)}, sarifRegion{cmp.Or(f.Line, 1), cmp.Or(f.Column, 1)}}}},
		})
	}
	return sarifLog{Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0", Runs: []sarifRun{run}}
}

// uriOf is a path as code hosts read it: relative to where they began.
func uriOf(path string) string {
	return (&url.URL{Path: filepath.ToSlash(filepath.Clean(path))}).String()
}
