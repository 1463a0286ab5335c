package fragment

import (
	"encoding/base64"
	"slices"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/gen3"
	"github.com/uc-cdis/gen3-bootstrap/gen3/render"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

// markCreated is the key that a Job writes into a database's credentials when it has made the database.
const markCreated = "dbcreated"

// globals are the switches below a key of the globals that the fragment does not set itself.
func (m *maker) globals(key string) [][]string {
	return slices.DeleteFunc(m.chart.Switches(m.now.Values, "global", key), func(path []string) bool {
		return m.valueOf(path...) != nil
	})
}

func (m *maker) valueOf(path ...string) any { return render.ValueAt(m.values, path) }

// tried is a global switch turned on, and what comes of it.
type tried struct {
	path  []string
	after gen3.Inventory
	err   error
}

// tryGlobals turns each of the switches below a key of the globals on that is off.
func (m *maker) tryGlobals(key string) []tried {
	var out []tried
	for _, path := range m.globals(key) {
		if render.ValueAt(m.now.Values, path) == true {
			continue
		}
		rendered, err := m.with(nested(path, true))
		t := tried{path: path, err: err}
		if err == nil {
			t.after = gen3.Take(rendered.Objects)
		}
		out = append(out, t)
	}
	return out
}

// createDB has the charts make the credentials of their databases, and Jobs make the databases.
func (m *maker) createDB() error {
	if len(m.databasesMade(m.current)) > 0 {
		m.warn("--create-db: your values have it so already")
		return nil
	}
	best, broken, reason := m.localDatabases()
	switch {
	case best.path == nil && reason != nil:
		return reason
	case best.path == nil && broken != "":
		m.refuse("upgrade the gen3 chart, or have the credentials in Secrets Manager", "--create-db: %s", broken)
		return nil
	case best.path == nil:
		m.refuse("", "--create-db: no value of chart %s %s has credentials of databases made by it", m.chart.Name(), m.chart.Version())
		return nil
	}
	turned := turns(m.current, best.after)
	var made []string // those without a Job's mark as well, which are mended below
	for _, t := range turned {
		made = append(made, t.secret)
	}
	if err := m.add(nested(best.path, true)); err != nil {
		return err
	}
	if without := words.Without(made, marked(m.current)); len(without) > 0 {
		for _, t := range m.tryGlobals("postgres") {
			if t.err == nil && len(words.Without(made, marked(t.after))) < len(without) {
				if err := m.add(nested(t.path, true)); err != nil {
					return err
				}
				break
			}
		}
	}
	for _, p := range m.current.Pushes {
		if reads(m.start, p.Remote) && !reads(m.current, p.Remote) {
			m.refuse("take the push out of your values, or leave --create-db out", "--create-db: your values have PushSecret %s store %s as well, with a password of its own that opens no database", p.By, p.Remote)
		}
	}
	if empty := emptyOf(turned); len(empty) > 0 {
		m.refuse(setHost, "--create-db: Secrets %s come out with nothing in %s", words.Few(made), strings.Join(empty, ", "))
	}
	if without := words.Without(made, marked(m.current)); len(without) > 0 {
		m.refuse("switch the charts' Jobs for databases on", "--create-db: no Job makes the databases of Secrets %s, and pods wait for its mark %s in them", words.Few(without), markCreated)
	}
	return nil
}

func reads(i gen3.Inventory, name string) bool {
	return slices.ContainsFunc(i.Requirements, func(r gen3.Requirement) bool { return r.Name == name })
}

const setHost = "set the databases' host in your values (global.postgres.master.host, or CHART.postgres.host)"

// localDatabases finds the switch by which the most Secrets of databases are made by the charts. Where there is none, the error is why
// one does not render, and broken what another one breaks.
func (m *maker) localDatabases() (best tried, broken string, unrendered error) {
	most := 0
	for _, t := range m.tryGlobals(externals) {
		if t.err != nil {
			unrendered = t.err
			continue
		}
		turned := turns(m.current, t.after)
		keyless := slices.DeleteFunc(bad(turned), func(x turn) bool { return x.fate == short }) // for want of a Job's mark, which is mended
		switch {
		case len(keyless) > 0:
			broken = "with " + dotted(t.path) + ": true " + why(keyless)
		case len(turned) > most:
			most, best = len(turned), t
		}
	}
	return best, broken, unrendered
}

func emptyOf(turned []turn) []string {
	var out []string
	for _, t := range turned {
		for _, key := range t.empty {
			out = words.AddOnce(out, key)
		}
	}
	return out
}

// databasesMade are the Secrets of databases that the charts make.
func (m *maker) databasesMade(i gen3.Inventory) []string {
	var out []string
	for _, secret := range marked(i) {
		if slices.ContainsFunc(i.WritersOf(secret), func(w gen3.Writer) bool { return w.Kind == gen3.ByHelm }) {
			out = append(out, secret)
		}
	}
	return out
}

// marked are the Secrets that a Job marks when it has made their database.
func marked(i gen3.Inventory) []string {
	var out []string
	for _, w := range i.Writers {
		if w.Kind == gen3.ByJob && slices.Contains(w.Keys, markCreated) {
			out = words.AddOnce(out, w.Secret)
		}
	}
	return out
}

// pushDB has the charts make the credentials of their databases and push them, and read them from there.
func (m *maker) pushDB() error {
	var best tried
	var reason error
	most := 0
	for _, t := range m.tryGlobals(externals) {
		if t.err != nil {
			reason = t.err
			continue
		}
		if n := len(newPushes(m.current, t.after)); n > most && len(turns(m.current, t.after)) == 0 {
			most, best = n, t
		}
	}
	switch {
	case best.path == nil && reason != nil:
		return reason
	case best.path == nil && len(m.current.Pushes) > 0:
		m.warn("--push-db: your values have it so already")
		m.judgePushes(m.current.Pushes)
		return nil
	case best.path == nil:
		m.refuse("--create-db has the credentials made and kept in the cluster; `gen3-bootstrap secrets push` takes them from there", "--push-db: no value of chart %s %s has credentials of databases pushed", m.chart.Name(), m.chart.Version())
		return nil
	}
	before := m.current
	if err := m.add(nested(best.path, true)); err != nil {
		return err
	}
	m.judgePushes(newPushes(before, m.current))
	return nil
}

func newPushes(before, after gen3.Inventory) []gen3.Push {
	return slices.DeleteFunc(slices.Clone(after.Pushes), func(p gen3.Push) bool { return slices.Contains(before.Pushes, p) })
}

// judgePushes says which pushes store what cannot be read again, or nothing at all, and are right by accident only.
func (m *maker) judgePushes(pushes []gen3.Push) {
	good, inside := 0, false
	for _, p := range pushes {
		operator, others := parted(m.current.WritersOf(p.Secret))
		i := slices.IndexFunc(m.current.Requirements, func(r gen3.Requirement) bool { return r.Name == p.Remote })
		asJSON := p.Key == "" || p.Property != ""
		switch {
		case operator && len(others) == 0:
			m.warn("PushSecret %s pushes Secret %s, which is made of what it pushes: %s has to be in Secrets Manager by other means", p.By, p.Secret, p.Remote)
		case len(others) == 0:
			m.warn("PushSecret %s pushes Secret %s, which nothing makes: %s has to be in Secrets Manager by other means", p.By, p.Secret, p.Remote)
		case i < 0:
			m.refuse("take out of your values what keeps the credentials in the cluster, or leave --push-db out",
				"--push-db: PushSecret %s stores %s, which nothing reads with your values: what the pods have is another password", p.By, p.Remote)
		case slices.Contains(m.current.Requirements[i].Shapes, gen3.Whole) && asJSON:
			m.refuse("have that Secret read from Secrets Manager, or make it local without a push", "--push-db: PushSecret %s stores %s as JSON, and it is read as a whole", p.By, p.Remote)
		default:
			if empty := emptyIn(others); len(empty) > 0 {
				m.refuse(setHost, "--push-db: Secret %s comes out with nothing in %s, and would be pushed so for good", p.Secret, strings.Join(empty, ", "))
			}
			good++
			inside = inside || m.insideHost(p.Secret)
		}
	}
	m.out.Pushes = m.out.Pushes || good > 0
	if inside {
		m.warn("--push-db: the databases are in this cluster, and what is pushed names them: it is of no use to another one, and for none when this one is gone")
	}
}

// insideHost reports whether the credentials that the chart makes are for a database within the cluster.
func (m *maker) insideHost(secret string) bool {
	for _, o := range m.now.Objects {
		if o.Kind() != "Secret" || o.Name() != secret {
			continue
		}
		text, _ := render.ValueAt(o.Content, []string{"data", "host"}).(string)
		host, err := base64.StdEncoding.DecodeString(text)
		name := string(host)
		return err == nil && name != "" && (!strings.Contains(name, ".") || strings.HasSuffix(name, ".svc") || strings.HasSuffix(name, ".cluster.local"))
	}
	return false
}
