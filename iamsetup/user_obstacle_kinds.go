package iamsetup

import "strings"

// obstacleKind is a kind of thing that a user or role can have.
type obstacleKind string

const (
	attachedPolicy obstacleKind = "attached policy"
	accessKey      obstacleKind = "access key"
)

// Obstacle is one thing that a user or role has, with the command that takes it away.
type Obstacle struct {
	kind    obstacleKind
	name    string // empty where a user has at most one
	note    string
	command string
}

func (o Obstacle) String() string {
	text := strings.TrimSpace(string(o.kind) + " " + o.name)
	if o.note != "" {
		text += " (" + o.note + ")"
	}
	return text
}

// commands are what a person runs to take the obstacles away.
func commands(all []Obstacle) []string {
	var out []string
	for _, o := range all {
		if o.command != "" {
			out = append(out, o.command)
		}
	}
	return out
}

// describeKey makes an Obstacle of an access key that does not go. The command that deletes it is given only where nobody is
// known to have the key.
func describeKey(user, id, note string, nobodys bool) Obstacle {
	o := Obstacle{kind: accessKey, name: id, note: note}
	if nobodys {
		o.command = deleteKeyCommand(user, id)
	}
	return o
}
