package principal

import "strings"

// Obstacle is one thing that a user or role has and that keeps it from being deleted, with the command that takes it away.
type Obstacle struct {
	Kind    string // such as "inline policy"
	Name    string // empty where there is at most one
	Note    string
	Command string // empty: it is not for a person to take it away
}

func (o Obstacle) String() string {
	text := strings.TrimSpace(o.Kind + " " + o.Name)
	if o.Note != "" {
		text += " (" + o.Note + ")"
	}
	return text
}

// Commands are what a person runs to take the obstacles away.
func Commands(all []Obstacle) []string {
	var out []string
	for _, o := range all {
		if o.Command != "" {
			out = append(out, o.Command)
		}
	}
	return out
}
