package awsfake

import "slices"

// maxAttached is how many managed policies an identity may have where no option says otherwise.
const maxAttached = 10

// holder finds the user, group or role that a call is about.
type holder func(*request) (*identity, error)

type attachedXML struct {
	PolicyName string
	PolicyArn  string
}

type attachedList struct {
	AttachedPolicies []attachedXML `xml:"AttachedPolicies>member"`
	page
}

func attachTo(find holder) func(*request) (any, error) {
	return func(r *request) (any, error) {
		who, err := find(r)
		if err != nil {
			return nil, err
		}
		p, err := r.findPolicy("PolicyArn")
		if err != nil {
			return nil, err
		}
		have := who.attached.latest()
		if slices.Contains(have, p.arn) {
			return nil, nil
		}
		if len(have) >= r.srv.attachable {
			return nil, limitExceeded("Cannot exceed quota for PoliciesPer%s: %d", title(who.kind), r.srv.attachable)
		}
		who.attached.set(r.srv, append(slices.Clone(have), p.arn))
		return nil, nil
	}
}

func detachFrom(find holder) func(*request) (any, error) {
	return func(r *request) (any, error) {
		who, err := find(r)
		if err != nil {
			return nil, err
		}
		arn, err := r.arn("PolicyArn")
		if err != nil {
			return nil, err
		}
		have := slices.Clone(who.attached.latest())
		i := slices.Index(have, arn)
		if i < 0 {
			return nil, noSuchEntity("Policy %s was not found.", arn)
		}
		who.attached.set(r.srv, slices.Delete(have, i, i+1))
		return nil, nil
	}
}

func attachedTo(find holder) func(*request) (any, error) {
	return func(r *request) (any, error) {
		who, err := find(r)
		if err != nil {
			return nil, err
		}
		var all []attachedXML
		for _, arn := range who.attached.seen(r.srv) {
			all = append(all, attachedXML{lastPart(arn), arn})
		}
		list, p, err := paginate(r, all, func(a attachedXML) string { return a.PolicyArn })
		return attachedList{list, p}, err
	}
}

func putBoundary(find holder) func(*request) (any, error) {
	return func(r *request) (any, error) {
		who, err := find(r)
		if err != nil {
			return nil, err
		}
		arn, err := r.arn("PermissionsBoundary")
		if err != nil {
			return nil, err
		}
		if err := r.checkBoundary(arn); err != nil {
			return nil, err
		}
		who.boundary = arn
		return nil, nil
	}
}

func deleteBoundary(find holder) func(*request) (any, error) {
	return func(r *request) (any, error) {
		who, err := find(r)
		if err != nil {
			return nil, err
		}
		if who.boundary == "" {
			return nil, noSuchEntity("%s %s does not have a permissions boundary.", title(who.kind), who.name)
		}
		who.boundary = ""
		return nil, nil
	}
}
