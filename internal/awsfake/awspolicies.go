package awsfake

// awsPolicies are some of AWS's own policies: those that operators and tests attach.
func awsPolicies(s *Server) []*policy {
	const head = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":`
	return []*policy{
		awsPolicy(s, "AdministratorAccess", head+`"*","Resource":"*"}]}`),
		awsPolicy(s, "IAMReadOnlyAccess", head+`["iam:Get*","iam:List*","iam:Simulate*"],"Resource":"*"}]}`),
		awsPolicy(s, "SecretsManagerReadWrite", head+`["secretsmanager:*","kms:DescribeKey","kms:ListAliases",`+
			`"kms:ListKeys"],"Resource":"*"}]}`),
	}
}

// awsPolicy makes one of AWS's own.
func awsPolicy(s *Server, name, text string) *policy {
	doc, err := readPermissions(text)
	if err != nil {
		panic(err) // a document of ours
	}
	now := s.now()
	v := &version{id: versionID(1), text: text, doc: doc, created: now}
	return &policy{
		name: name, path: "/", id: s.mint.id("ANPA"), arn: "arn:" + s.partition + ":iam::aws:policy/" + name,
		created: now, updated: now, made: 1, life: settled(Entities, true),
		content: settled(Documents, content{[]*version{v}, v.id}), tagged: tagged{tags: lags[tagSet](Tags)},
	}
}
