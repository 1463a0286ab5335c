package cli

import "github.com/uc-cdis/gen3-bootstrap/bootstrap/gen3"

// gen3 says what chart is going to use all this.
func (in *inputs) gen3() group {
	return group{"gen3 chart", []option{
		{name: "gen3-version", arg: "VERSION", into: &in.settings.Gen3Version, fallback: "the installed release's, else " + gen3.Newest, usage: "version of the gen3 chart, whose use of the External Secrets API is compared with what the cluster serves"},
	}}
}
