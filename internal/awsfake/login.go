package awsfake

type loginXML struct {
	UserName   string
	CreateDate string
}

type loginResult struct{ LoginProfile loginXML }

// none is the answer of a list of things that nobody here can have.
type none struct{ page }

func loginActions() map[string]action {
	return map[string]action{
		"CreateLoginProfile":             {on: onUser, run: createLoginProfile},
		"GetLoginProfile":                {on: onUser, run: getLoginProfile},
		"DeleteLoginProfile":             {on: onUser, run: deleteLoginProfile},
		"CreateVirtualMFADevice":         {on: onAny, run: createVirtualMFADevice},
		"EnableMFADevice":                {on: onUser, run: enableMFADevice},
		"DeactivateMFADevice":            {on: onUser, run: deactivateMFADevice},
		"DeleteVirtualMFADevice":         {on: onAny, run: deleteVirtualMFADevice},
		"ListMFADevices":                 {on: onUser, run: listMFADevices},
		"ListSigningCertificates":        {on: onUser, run: listNone},
		"ListSSHPublicKeys":              {on: onUser, run: listNone},
		"ListServiceSpecificCredentials": {on: onUser, run: listNone},
	}
}

func createLoginProfile(r *request) (any, error) {
	u, err := r.findUser()
	if err != nil {
		return nil, err
	}
	if u.login != "" {
		return nil, alreadyExists("Login Profile for user %s already exists.", u.name)
	}
	u.login = stamp(r.now)
	return loginResult{loginXML{u.name, u.login}}, nil
}

func getLoginProfile(r *request) (any, error) {
	u, err := r.findLogin()
	if err != nil {
		return nil, err
	}
	return loginResult{loginXML{u.name, u.login}}, nil
}

func deleteLoginProfile(r *request) (any, error) {
	u, err := r.findLogin()
	if err != nil {
		return nil, err
	}
	u.login = ""
	return nil, nil
}

func (r *request) findLogin() (*user, error) {
	u, err := r.findUserOrCaller()
	if err == nil && u.login == "" {
		return nil, noSuchEntity("Login Profile for User %s cannot be found.", u.name)
	}
	return u, err
}

func listNone(r *request) (any, error) {
	_, err := r.findUserOrCaller()
	return none{}, err
}
