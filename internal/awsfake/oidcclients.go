package awsfake

import "slices"

func checkProvider(clients, prints []string) error {
	if len(clients) > maxClientIDs {
		return limitExceeded("Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: %d", maxClientIDs)
	}
	if len(prints) > maxThumbprints {
		return invalidInput("Thumbprint list must contain fewer than %d entries.", maxThumbprints+1)
	}
	for _, t := range prints {
		if !matches(`^[0-9A-Fa-f]{40}$`, t) {
			return constraint(t, "thumbprintList.1.member", "have length of 40 hexadecimal characters")
		}
	}
	return nil
}

func addClientID(r *request) (any, error) {
	p, err := r.findProvider()
	if err != nil {
		return nil, err
	}
	id := r.str("ClientID")
	if id == "" || len(id) > 255 {
		return nil, constraint(id, "clientID", "have length between 1 and 255")
	}
	if slices.Contains(p.clients, id) {
		return nil, nil
	}
	next := append(slices.Clone(p.clients), id)
	if err := checkProvider(next, nil); err != nil {
		return nil, err
	}
	p.clients = next
	return nil, nil
}

func removeClientID(r *request) (any, error) {
	p, err := r.findProvider()
	if err != nil {
		return nil, err
	}
	id := r.str("ClientID")
	p.clients = slices.DeleteFunc(slices.Clone(p.clients), func(c string) bool { return c == id })
	return nil, nil
}

func updateThumbprint(r *request) (any, error) {
	p, err := r.findProvider()
	if err != nil {
		return nil, err
	}
	prints := r.list("ThumbprintList")
	if err := checkProvider(nil, prints); err != nil {
		return nil, err
	}
	p.prints = prints
	return nil, nil
}
