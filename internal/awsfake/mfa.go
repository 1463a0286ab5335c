package awsfake

import (
	"encoding/base64"
	"maps"
	"slices"
)

// mfaDevice is a virtual MFA device.
type mfaDevice struct {
	serial  string
	user    *user // nil until enabled
	enabled string
}

type mfaXML struct {
	UserName     string `xml:",omitempty"`
	SerialNumber string
	EnableDate   string `xml:",omitempty"`
}

type mfaList struct {
	MFADevices []mfaXML `xml:"MFADevices>member"`
	page
}

type virtualMFAResult struct {
	VirtualMFADevice struct {
		SerialNumber     string
		Base32StringSeed string
	}
}

func createVirtualMFADevice(r *request) (any, error) {
	name, err := r.name("VirtualMFADeviceName", maxName)
	if err != nil {
		return nil, err
	}
	serial := r.srv.iamARN("mfa" + r.pathOr() + name)
	if _, taken := r.srv.mfa[serial]; taken {
		return nil, alreadyExists("MFADevice entity at the same path and name already exists.")
	}
	r.srv.mfa[serial] = &mfaDevice{serial: serial}
	var out virtualMFAResult
	out.VirtualMFADevice.SerialNumber = serial
	out.VirtualMFADevice.Base32StringSeed = base64.StdEncoding.EncodeToString([]byte(r.srv.mint.secret()))
	return out, nil
}

func enableMFADevice(r *request) (any, error) {
	u, err := r.findUser()
	if err != nil {
		return nil, err
	}
	d, ok := r.srv.mfa[r.str("SerialNumber")]
	if !ok {
		return nil, noSuchEntity("VirtualMFADevice with serial number %s doesn't exist.", r.str("SerialNumber"))
	}
	if d.user != nil {
		return nil, alreadyExists("Device with serial number %s is already in use.", d.serial)
	}
	d.user, d.enabled = u, stamp(r.now)
	return nil, nil
}

func deactivateMFADevice(r *request) (any, error) {
	u, err := r.findUserOrCaller()
	if err != nil {
		return nil, err
	}
	d, ok := r.srv.mfa[r.str("SerialNumber")]
	if !ok || d.user != u {
		return nil, noSuchEntity("MFA Device invalid for user.")
	}
	d.user, d.enabled = nil, ""
	return nil, nil
}

func deleteVirtualMFADevice(r *request) (any, error) {
	d, ok := r.srv.mfa[r.str("SerialNumber")]
	if !ok {
		return nil, noSuchEntity("VirtualMFADevice with serial number %s doesn't exist.", r.str("SerialNumber"))
	}
	if d.user != nil {
		return nil, deleteConflict("MFA VirtualDevice in use. Must deactivate first.")
	}
	delete(r.srv.mfa, d.serial)
	return nil, nil
}

func listMFADevices(r *request) (any, error) {
	u, err := r.findUserOrCaller()
	if err != nil {
		return nil, err
	}
	list, p, err := paginate(r, r.srv.mfaOf(u), func(d mfaXML) string { return d.SerialNumber })
	return mfaList{list, p}, err
}

func (s *Server) mfaOf(u *user) []mfaXML {
	var list []mfaXML
	for _, serial := range slices.Sorted(maps.Keys(s.mfa)) {
		if d := s.mfa[serial]; d.user == u {
			list = append(list, mfaXML{u.name, serial, d.enabled})
		}
	}
	return list
}
