package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/internal/bound"
	"github.com/uc-cdis/gen3-bootstrap/internal/cli/report"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

// planFile is a plan that was written down for an up to keep to: the flags that it was made with, and what it would change. Whoever may write
// the file can only have less done: its flags are judged as if they were typed, and its changes are compared with what up sees.
type planFile struct {
	FormatVersion string              `json:"formatVersion"`
	ToolVersion   string              `json:"toolVersion"`
	Flags         map[string][]string `json:"flags"`
	Again         []string            `json:"giveAgain"` // flags whose values may be secret, and are not kept
	Plan          bootstrap.Agreement `json:"plan"`
}

// planMax is how many bytes a plan file may have.
const planMax = 8 << 20

// unkept are flags that a plan file does not hold: those of one run, and those whose values may be secret.
func unkept() (once, secret []string) {
	return []string{"out", "plan", "output", "no-color", "verbose", "all", "quiet", "yes", "timeout", "lock-timeout", "detailed-exitcode", "dry-run"},
		[]string{"set", "set-string", "set-json", "set-file"}
}

// savePlan writes a plan down. It replaces a file at once or not at all, and nobody else may read it.
func (s session) savePlan(file string, groups []group, result bootstrap.Result) error {
	once, secret := unkept()
	out := planFile{FormatVersion: report.FormatVersion, ToolVersion: s.Build.text(), Flags: map[string][]string{}, Again: []string{}, Plan: *bootstrap.AgreementOf(result)}
	for _, g := range groups {
		for _, o := range g.options {
			switch given := s.settings.Given[o.name] != ""; {
			case !given || slices.Contains(once, o.name):
			case slices.Contains(secret, o.name):
				out.Again = append(out.Again, o.name)
			default:
				out.Flags[o.name] = o.values()
			}
		}
	}
	if len(s.settings.Unset) > 0 {
		out.Flags["unset"] = slices.Clone(s.settings.Unset)
	}
	text, err := json.MarshalIndent(out, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the plan: %w", err)
	}
	temporary, err := os.CreateTemp(filepath.Dir(file), ".gen3-bootstrap-plan-*") // which only its owner may read
	if err != nil {
		return fmt.Errorf("write plan %s: %w", file, bound.Cause(err))
	}
	defer func() { _ = os.Remove(temporary.Name()) }()
	_, err = temporary.Write(append(text, '\n'))
	if err = errors.Join(err, temporary.Close()); err == nil {
		err = os.Rename(temporary.Name(), file)
	}
	if err != nil {
		return fmt.Errorf("write plan %s: %w", file, bound.Cause(err))
	}
	return nil
}

// loadPlan takes the flags of a plan file where none are given, and has the run keep to its changes.
func (in *inputs) loadPlan(file string, groups []group) error {
	text, err := bound.ReadFile(file, planMax)
	if err != nil {
		return hint.With(fmt.Errorf("read plan %s: %w", file, bound.Cause(err)), "gen3-bootstrap plan --out FILE writes one")
	}
	var plan planFile
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&plan); err != nil || plan.FormatVersion != report.FormatVersion {
		return hint.With(fmt.Errorf("read plan %s: it is not a plan of this version", file), "gen3-bootstrap plan --out FILE writes one")
	}
	var errs []error
	once, secret := unkept()
	for _, g := range groups {
		for _, o := range g.options {
			values, kept := plan.Flags[o.name]
			delete(plan.Flags, o.name)
			switch given := in.settings.Given[o.name]; {
			case slices.Contains(once, o.name):
			case slices.Contains(plan.Again, o.name) && slices.Contains(secret, o.name) && given == "":
				errs = append(errs, fmt.Errorf("plan %s was made with --%s, whose values it does not keep: give it again", file, o.name))
			case given == "flag" && (!kept || !slices.Equal(o.values(), values)) && !slices.Contains(secret, o.name):
				errs = append(errs, fmt.Errorf("--%s is given, and plan %s was made otherwise", o.name, file))
			case kept:
				if err := o.take(values); err != nil {
					errs = append(errs, fmt.Errorf("invalid value for --%s in plan %s: %w", o.name, file, err))
				}
			}
		}
	}
	for name := range plan.Flags {
		errs = append(errs, fmt.Errorf("read plan %s: %q is the name of no flag", file, name))
	}
	in.settings.Agreed = &plan.Plan
	return errors.Join(errs...)
}
