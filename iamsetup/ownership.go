package iamsetup

// Ownership is whose a resource was when it was last observed.
type Ownership struct {
	Exists bool
	Ours   bool     // it carries our mark
	Owners []string // whom it was made for, each as "<cluster>/<namespace>"
}

func ownership(tags Tags) Ownership {
	return Ownership{Exists: true, Ours: tags.ours(), Owners: tags.owners()}
}

// Ownership is as the last Observe saw it.
func (p *Policy) Ownership() Ownership {
	if p.seen == nil {
		return Ownership{}
	}
	return ownership(p.seen.tags)
}

// Ownership is as the last Observe saw it.
func (u *User) Ownership() Ownership {
	if u.seen == nil {
		return Ownership{}
	}
	return ownership(u.seen.Tags)
}

// Ownership is as the last Observe saw it.
func (r *Role) Ownership() Ownership {
	if r.seen == nil {
		return Ownership{}
	}
	return ownership(r.seen.tags)
}

// Ownership is as the last Observe saw it.
func (p *Provider) Ownership() Ownership {
	if p.seen == nil {
		return Ownership{}
	}
	return ownership(p.seen.tags)
}

// LetIn are the ServiceAccounts that the role's trust policy names, in statements of our form, and the number of its
// other statements.
func (r *Role) LetIn() (named []Trusted, others int) {
	if r.seen == nil {
		return nil, 0
	}
	for _, raw := range r.seen.trust.statements {
		if _, _, ok := r.seen.trust.read(raw); !ok {
			others++
		}
	}
	return r.seen.trust.named(), others
}
