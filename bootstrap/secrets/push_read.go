package secrets

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/uc-cdis/gen3-bootstrap/gen3"
	"github.com/uc-cdis/gen3-bootstrap/gen3/check"
	"github.com/uc-cdis/gen3-bootstrap/gen3/handover"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/writing"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/owner"
	"github.com/uc-cdis/gen3-bootstrap/internal/parallel"
	"github.com/uc-cdis/gen3-bootstrap/internal/redact"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

// file is one that --from-file names.
type file struct {
	name string // of the secret
	path string
	text redact.String
}

// readFiles reads what --from-file names. The errors are all that is wrong with it.
func readFiles(given []string) ([]file, error) {
	var out []file
	var errs []error
	for _, arg := range given {
		name, path, ok := strings.Cut(arg, "=")
		if !ok || name == "" || path == "" {
			errs = append(errs, fmt.Errorf("check --from-file %s: it has the form NAME=PATH", arg))
			continue
		}
		if slices.ContainsFunc(out, func(f file) bool { return f.name == name }) {
			errs = append(errs, fmt.Errorf("check --from-file %s: secret %s is given twice", arg, name))
			continue
		}
		text, err := readFile(path)
		if err != nil {
			errs = append(errs, fmt.Errorf("check --from-file %s: %w", arg, err))
			continue
		}
		out = append(out, file{name, path, text})
	}
	return out, errors.Join(errs...)
}

func readFile(path string) (redact.String, error) {
	f, err := os.Open(path) //nolint:gosec // the operator names it
	if err != nil {
		return redact.String{}, err
	}
	defer func() { _ = f.Close() }() // it was only read
	text, err := io.ReadAll(io.LimitReader(f, writing.MaxBytes+1))
	switch {
	case err != nil:
		return redact.String{}, err
	case len(text) > writing.MaxBytes:
		return redact.String{}, fmt.Errorf("it has more than the %d bytes that Secrets Manager takes", writing.MaxBytes)
	case len(text) == 0:
		return redact.String{}, errors.New("it is empty")
	case strings.ToValidUTF8(string(text), "") != string(text):
		return redact.String{}, errors.New("it is no text in UTF-8")
	}
	return redact.New(string(text)), nil
}

// liveSecret is a Secret of the cluster.
type liveSecret struct {
	there    bool
	data     map[string][]byte
	operator string // the ExternalSecret that makes it; "" where none does
	helm     bool   // Helm keeps it
	argo     bool   // Argo CD does
}

// readSecrets reads the Secrets of the routes, and no other.
func (p *pusher) readSecrets(ctx context.Context, routes []handover.Route) (map[string]liveSecret, error) {
	var names []string
	for _, r := range routes {
		names = words.AddOnce(names, r.Secret)
	}
	namespace := p.Target.Settings.Namespace
	read, err := parallel.Map(ctx, names, func(ctx context.Context, name string) (liveSecret, error) {
		s, err := p.Target.Kube.CoreV1().Secrets(namespace).Get(ctx, name, metav1.GetOptions{})
		switch {
		case apierrors.IsNotFound(err):
			return liveSecret{}, nil
		case err != nil:
			return liveSecret{}, hint.With(fmt.Errorf("get Secret %s/%s: %w", namespace, name, err), "it needs the verb get on that Secret; --only leaves others out")
		}
		return liveOf(s), nil
	})
	out := map[string]liveSecret{}
	for i, name := range names {
		out[name] = read[i]
	}
	return out, err
}

func liveOf(s *corev1.Secret) liveSecret {
	whose := owner.Of(s.ObjectMeta)
	out := liveSecret{there: true, data: s.Data, helm: whose.Release != "", argo: whose.ArgoApp != ""}
	if by := metav1.GetControllerOf(s); by != nil && by.Kind == "ExternalSecret" {
		out.operator = by.Name
	}
	return out
}

// fit puts a file into the shape in which the deployment reads the secret, now or after the handover, and judges it as secrets check would.
func (p *pusher) fit(f file) (handover.Content, error) {
	q, names := p.requirement(f.name)
	if q != nil {
		return p.judged(*q, f)
	}
	text := "the deployment reads no secret of that name"
	if near := words.Nearest(f.name, names); near != "" {
		text += "; it reads " + near
	}
	return handover.Content{}, errors.New(text)
}

func (p *pusher) judged(q gen3.Requirement, f file) (handover.Content, error) {
	fitted, problem := handover.Fit(q, f.text)
	if problem != "" {
		return fitted, fmt.Errorf("check file %s: %s", f.path, problem)
	}
	var wrong []string
	for _, found := range check.Judge(q, fitted.Value()) {
		if found.State.Certain() {
			wrong = words.AddOnce(wrong, told(found))
		} else {
			p.warn("file %s: %s", f.path, told(found))
		}
	}
	if len(wrong) > 0 {
		return fitted, fmt.Errorf("check file %s: %s", f.path, strings.Join(wrong, "; "))
	}
	return fitted, nil
}

// told is a finding in one line, with the place that it is about.
func told(f check.Finding) string {
	if f.At == "" {
		return f.Says
	}
	return f.At + ": " + f.Says
}

// requirement is what a secret must be, after the handover or now; nil where nothing reads it, and then what is read.
func (p *pusher) requirement(name string) (q *gen3.Requirement, names []string) {
	for _, i := range []gen3.Inventory{p.after, p.deployment.Inventory} {
		for _, q := range i.Requirements {
			if q.Name == name {
				return &q, nil
			}
			names = words.AddOnce(names, q.Name)
		}
	}
	return nil, names
}

// warnOfFaults says what secrets check will find in what the cluster has: it goes along as it is, since pods run with it.
func (p *pusher) warnOfFaults(c handover.Content, i writing.Item) {
	q, _ := p.requirement(i.Name)
	if q == nil {
		return
	}
	for _, found := range check.Judge(*q, c.Value()) {
		if found.State == check.Newline { // which the route has told
			continue
		}
		p.warn("%s, as it goes to %s: %s", i.From, i.Name, told(found))
	}
}
