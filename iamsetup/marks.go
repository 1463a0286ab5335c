package iamsetup

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

// The tags by which resources of ours are known. A tag's key has at most 128 characters and its value 256
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html); a cluster's UID has 36 and a namespace 63 at most.
const (
	TagManagedBy = "managed-by"
	ManagedBy    = "gen3-bootstrap"
	TagOwner     = "gen3-bootstrap/owner/"     // + <cluster>/<namespace>
	TagKey       = "gen3-bootstrap/key/"       // + <access key id> = <cluster>/<namespace>
	TagMinting   = "gen3-bootstrap/minting/"   // + <cluster>/<namespace> = <started> <deadline> <access key id> …: see intent
	TagReplacing = "gen3-bootstrap/replacing/" // + <cluster>/<namespace> = <access key id> <since> <grace> [<idle since>]: see rotation
	tagsMax      = 50
	TagMax       = 256 // characters of a value
)

// ReservedTag reports whether a tag key is one that this tool, or AWS, gives a meaning.
func ReservedTag(key string) bool {
	lower := strings.ToLower(key)
	return lower == TagManagedBy || strings.HasPrefix(lower, "gen3-bootstrap/") || strings.HasPrefix(lower, "aws:")
}

// Owner is on whose behalf a resource was made: one namespace of one cluster.
type Owner struct {
	Cluster   string // UID of kube-system
	Namespace string
	Server    string // URL of the API server; only a help for a person who reads the tags
}

// String is "<cluster>/<namespace>", as tags spell it.
func (o Owner) String() string { return o.Cluster + "/" + o.Namespace }

// OwnName is a name of its own for what an owner would share with others under a name, of at most that many characters.
func (o Owner) OwnName(name string, most int) string {
	own := name + "_" + o.Namespace
	if strings.Contains(name, "-") && !strings.Contains(name, "_") {
		own = name + "-" + o.Namespace
	}
	return own[:min(len(own), most)]
}

// Marks are the tags of what is made on the owner's behalf, beside further ones.
func (o Owner) Marks(more map[string]string) Tags {
	tags := Tags{TagManagedBy: ManagedBy, TagOwner + o.String(): TagValue(o.Server)}
	maps.Copy(tags, more)
	return tags
}

// Tags are the tags of one resource.
type Tags map[string]string

// TagsOf makes a map of them, in which a later key wins, though IAM gives each once.
func TagsOf(list []types.Tag) Tags {
	tags := Tags{}
	for _, t := range list {
		tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return tags
}

func (t Tags) List() []types.Tag {
	out := make([]types.Tag, 0, len(t))
	for _, k := range slices.Sorted(maps.Keys(t)) {
		out = append(out, types.Tag{Key: aws.String(k), Value: aws.String(t[k])})
	}
	return out
}

// Ours reports whether the resource carries our mark.
func (t Tags) Ours() bool { return t[TagManagedBy] == ManagedBy }

// Owners returns who the resource was made for, each as "<cluster>/<namespace>", sorted.
func (t Tags) Owners() []string {
	var out []string
	for k := range t {
		if owner, ok := strings.CutPrefix(k, TagOwner); ok {
			out = append(out, owner)
		}
	}
	slices.Sort(out)
	return out
}

// OwnedBy reports whether an owner's tag is among them.
func (t Tags) OwnedBy(o Owner) bool {
	_, ok := t[TagOwner+o.String()]
	return ok
}

// OtherOwners is owners without o.
func (t Tags) OtherOwners(o Owner) []string {
	return slices.DeleteFunc(t.Owners(), func(s string) bool { return s == o.String() })
}

// Missing returns those of the wanted tags that differ or are not there. An owner tag's value is only a note.
func (t Tags) Missing(wanted Tags) Tags {
	out := Tags{}
	for k, v := range wanted {
		if have, ok := t[k]; !ok || (have != v && !strings.HasPrefix(k, TagOwner)) {
			out[k] = v
		}
	}
	return out
}

// lacking says in words what missing returned: the tags that are not there, and those that have another value.
func (t Tags) lacking(missing Tags) (why []string) {
	absent := Tags{}
	for _, k := range missing.Keys() {
		if have, ok := t[k]; ok {
			why = append(why, fmt.Sprintf("tag %s is %q and not %q", k, have, missing[k]))
		} else {
			absent[k] = missing[k]
		}
	}
	if len(absent) > 0 {
		why = append(why, "tags are missing: "+absent.names())
	}
	return why
}

// disputed says which of the missing tags would change under the other owners of what carries them, and with which flags
// they stay. Empty: none would.
func (t Tags) disputed(o Owner, missing Tags, what string) (reason, keep string) {
	var changes, flags []string
	for _, k := range missing.Keys() {
		if have, ok := t[k]; ok && !ReservedTag(k) {
			changes = append(changes, fmt.Sprintf("tag %s would change from %q to %q", k, have, missing[k]))
			flags = append(flags, hint.Command("--tag", k+"="+have))
		}
	}
	others := t.OtherOwners(o)
	if len(others) == 0 || len(changes) == 0 {
		return "", ""
	}
	return fmt.Sprintf("%s is shared with %s, for whom %s", what, strings.Join(others, ", "), strings.Join(changes, " and ")), strings.Join(flags, " ")
}

// Room is an error when the missing tags would not fit beside those that are there, or would leave no room for the reserve.
func (t Tags) Room(missing, reserve Tags) error {
	all := Tags{}
	for _, tags := range []Tags{t, reserve, missing} {
		maps.Copy(all, tags)
	}
	switch {
	case len(all) <= tagsMax:
		return nil
	case len(reserve) > 0:
		return fmt.Errorf("with the two tags that making a key takes, it would carry %d tags and IAM allows %d", len(all), tagsMax)
	default:
		return fmt.Errorf("it would carry %d tags and IAM allows %d", len(all), tagsMax)
	}
}

// TagValue makes text legal as a tag's value.
func TagValue(text string) string {
	legal := strings.Map(func(r rune) rune {
		if strings.ContainsRune("_.:/=+-@ ", r) || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '-'
	}, text)
	return legal[:min(len(legal), TagMax)]
}

// Keys are the tags' keys, sorted.
func (t Tags) Keys() []string { return slices.Sorted(maps.Keys(t)) }

// names lists the tags' keys for a message.
func (t Tags) names() string { return strings.Join(t.Keys(), ", ") }

// TeardownOf is the command that takes what another owner has, whose cluster is gone, out of the user or role that a flag
// names.
func TeardownOf(run hint.Invocation, owner, flag, name string) string {
	cluster, namespace, _ := strings.Cut(owner, "/")
	return run.Command("teardown", "--cluster-id", cluster, "-n", namespace, flag, name)
}
