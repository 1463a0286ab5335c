package check

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/gen3"
	"github.com/uc-cdis/gen3-bootstrap/internal/content"
)

var (
	signIn   = regexp.MustCompile(`(?i)(password|passwd|user|username|host)$`)
	password = regexp.MustCompile(`(?i)passw(or)?d$`)
	host     = regexp.MustCompile(`(?i)host(name)?$`)
)

// credential judges one entry that somebody signs in with. database says that it stands beside a database's host.
func (j *judge) credential(read gen3.Read, key, at string, v content.Value, database bool) {
	readers := j.ofKey(read, key)
	text := v.Text().Reveal()
	plain := strings.TrimRight(text, "\r\n")
	oneLine := plain != "" && !strings.ContainsAny(plain, "\r\n")
	if len(readers) == 0 || !oneLine {
		return
	}
	add := func(state State, says, cure string) {
		j.add(readers, Finding{State: state, At: at, Says: says, Cure: cure})
	}
	if isPlaceholder(plain) && read.Shape == gen3.Extract {
		add(Placeholder, fmt.Sprintf("key %s is a placeholder", key), "put the true value there, with secrets push --from-file "+j.requirement.Name+"=FILE --overwrite "+j.requirement.Name)
	}
	if decoded, ok := unbase64(plain); ok && len(decoded) >= enoughUnnamed && read.Shape == gen3.Extract && gen3.Format(key) == "" {
		add(Base64, fmt.Sprintf("key %s is base64, where the value itself is read", key), "store the value as it is: Secrets Manager holds no base64")
	}
	if plain != text && plain != "true" && (signIn.MatchString(key) || read.Shape == gen3.Extract && byEnv(readers, key)) {
		add(Newline, key+" ends with a newline, which counts as a part of it", "store it without the newline (printf '%s', not echo)")
	}
	if database && password.MatchString(key) && strings.ContainsAny(plain, "@:/?#% ") {
		add(BreaksURL, key+" has one of @ : / ? # % or a space in it, which breaks postgresql://user:password@host", "take a password of letters and digits, in the database and here")
	}
	if database && host.MatchString(key) && gen3.InCluster(plain, "") {
		add(InCluster, key+" is a name that only its own cluster knows", "store the host of the database itself, unless the database is in this cluster")
	}
}

// byEnv reports whether somebody takes just this key into a variable.
func byEnv(readers []gen3.Reader, key string) bool {
	return slices.ContainsFunc(readers, func(r gen3.Reader) bool { return r.Via == gen3.ViaEnv && r.Key == key })
}
