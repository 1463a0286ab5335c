package bootstrap

// outputs collects the names that the steps know.
func (t *Target) outputs(s *Steps) Outputs {
	var out Outputs
	if s.Policy != nil {
		out.PolicyARN = s.Policy.ARN()
	}
	if s.User != nil {
		out.UserARN = s.User.ARN()
	}
	if s.Key != nil {
		out.AccessKeyID = s.Key.KeyID()
		for _, name := range t.Settings.KeySecretNames() {
			out.Secrets = append(out.Secrets, t.Settings.Namespace+"/"+name)
		}
	}
	if s.Role != nil {
		out.RoleARN = s.Role.ARN()
	}
	if s.Release != nil {
		r := s.Release.Release()
		if r.Name != "" {
			out.Release = &Release{Name: r.Name, Namespace: r.Namespace, ChartVersion: r.ChartVersion, Revision: r.Revision}
		}
	}
	return out
}
