package awsfake

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// request is one call as the services read it.
type request struct {
	srv       *Server
	http      *http.Request
	body      []byte
	call      *Call
	form      url.Values  // of a Query request
	in        secretInput // of a JSON request
	sig       signature
	malformed error
	who       principal
	now       time.Time
	requestID string
}

// action is one entry of what the services can do.
type action struct {
	// on is what permission is needed on; nil where none is.
	on  func(*request) target
	run func(*request) (any, error)
	// open actions are not signed.
	open bool
}

// allActions is the table of all services, by "service:Action".
func allActions() map[string]action {
	all := map[string]action{}
	for _, part := range []map[string]action{
		userActions(), groupActions(), loginActions(), accessKeyActions(), policyActions(), policyVersionActions(),
		roleActions(), providerActions(), accountActions(), simulationActions(),
	} {
		for name, a := range part {
			all["iam:"+name] = a
		}
	}
	maps.Copy(all, stsActions())
	maps.Copy(all, secretActions())
	return all
}

// parse reads what the request asks for. What is wrong with it is said by perform, once the call is recorded.
func (s *Server) parse(hr *http.Request, body []byte) *request {
	r := &request{srv: s, http: hr, body: body, now: s.now(), call: &Call{}}
	r.sig, r.malformed = parseSignature(hr.Header.Get("Authorization"))
	if target := hr.Header.Get("X-Amz-Target"); target != "" {
		r.parseJSON(target)
	} else {
		r.parseQuery()
	}
	r.call.AccessKeyID = r.sig.keyID
	r.call.Write = writes(r.call.Service, r.call.Action)
	s.mu.Lock()
	defer s.mu.Unlock()
	r.requestID = s.mint.uuid("request")
	return r
}

func (r *request) parseJSON(target string) {
	service, action, _ := strings.Cut(target, ".")
	r.call.Service, r.call.Action = strings.ToLower(service), action
	dec := json.NewDecoder(strings.NewReader(string(r.body)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&r.in); err != nil && r.malformed == nil {
		r.malformed = badRequest("SerializationException", "%v", err)
	}
	r.call.Object = r.in.SecretID + r.in.Name
}

func (r *request) parseQuery() {
	form, err := url.ParseQuery(string(r.body))
	if err != nil && r.malformed == nil {
		r.malformed = refuse(http.StatusBadRequest, "MalformedQueryString", "%v", err)
	}
	for k, v := range r.http.URL.Query() {
		form[k] = append(form[k], v...)
	}
	r.form = form
	r.call.Action = form.Get("Action")
	r.call.Service = serviceOf(form.Get("Version"), r.sig.service)
	r.call.Object = r.mainName()
}

// serviceOf tells the Query services apart: by the version of their interface, which unsigned calls have too.
func serviceOf(version, signed string) string {
	switch version {
	case "2010-05-08":
		return "iam"
	case "2011-06-15":
		return "sts"
	default:
		return signed
	}
}

// mainName is what a Query request is about.
func (r *request) mainName() string {
	for _, field := range []string{
		"AccessKeyId", "UserName", "RoleName", "PolicyArn", "PolicyName", "GroupName", "OpenIDConnectProviderArn", "Url",
		"RoleArn", "VirtualMFADeviceName",
	} {
		if v := r.form.Get(field); v != "" {
			return v
		}
	}
	if r.call.Action == "GetCallerIdentity" && r.sig.keyID != AdminKeyID {
		return r.sig.keyID
	}
	return ""
}

// json reports which protocol the request speaks.
func (r *request) json() bool { return r.form == nil }
