package bootstrap

// outputs collects the names that the steps know.
func (t *target) outputs(s *steps) Outputs {
	var out Outputs
	if s.policy != nil {
		out.PolicyARN = s.policy.ARN()
	}
	if s.user != nil {
		out.UserARN = s.user.ARN()
	}
	if s.key != nil {
		out.AccessKeyID = s.key.KeyID()
		for _, name := range t.settings.KeySecretNames() {
			out.Secrets = append(out.Secrets, t.settings.Namespace+"/"+name)
		}
	}
	if s.role != nil {
		out.RoleARN = s.role.ARN()
	}
	if s.release != nil {
		r := s.release.Release()
		if r.Name != "" {
			out.Release = &Release{Name: r.Name, Namespace: r.Namespace, ChartVersion: r.ChartVersion, Revision: r.Revision}
		}
	}
	return out
}
