package awsfake

import "testing"

func TestGlob(t *testing.T) {
	tests := map[string]struct {
		pattern, text string
		want          bool
	}{
		"same":                 {"abc", "abc", true},
		"case":                 {"abc", "aBc", false},
		"star of nothing":      {"abc*", "abc", true},
		"star in the middle":   {"a*c", "abbc", true},
		"two stars":            {"*b*", "abc", true},
		"star that gives back": {"a*bc", "abcbc", true},
		"question mark":        {"a?c", "abc", true},
		"question of nothing":  {"abc?", "abc", false},
		"too long":             {"abc", "abcd", false},
		"empty":                {"", "", true},
		"star over colons":     {"arn:aws:s3:::*", "arn:aws:s3:::a:b", true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := glob(tt.pattern, tt.text); got != tt.want {
				t.Errorf("glob(%q, %q) is %t", tt.pattern, tt.text, got)
			}
		})
	}
}

func TestConditions(t *testing.T) {
	tests := map[string]struct {
		condition string
		want      bool
	}{
		"equal":                       {`{"StringEquals":{"aws:x":"1"}}`, true},
		"key by case":                 {`{"StringEquals":{"AWS:X":["0","1"]}}`, true},
		"not equal":                   {`{"StringEquals":{"aws:x":"2"}}`, false},
		"absent":                      {`{"StringEquals":{"aws:none":"1"}}`, false},
		"absent, if it exists":        {`{"StringEqualsIfExists":{"aws:none":"1"}}`, true},
		"there, if it exists":         {`{"StringEqualsIfExists":{"aws:x":"2"}}`, false},
		"negated":                     {`{"StringNotEquals":{"aws:x":["2","3"]}}`, true},
		"negated, one of them":        {`{"StringNotEquals":{"aws:x":["1","2"]}}`, false},
		"negated, absent":             {`{"StringNotEquals":{"aws:none":"1"}}`, true},
		"like":                        {`{"StringLike":{"aws:name":"a*c"}}`, true},
		"like is no equal":            {`{"StringEquals":{"aws:name":"a*c"}}`, false},
		"ignoring case":               {`{"StringEqualsIgnoreCase":{"aws:name":"ABC"}}`, true},
		"bool":                        {`{"Bool":{"aws:yes":true}}`, true},
		"bool as text":                {`{"Bool":{"aws:yes":"false"}}`, false},
		"null":                        {`{"Null":{"aws:none":"true"}}`, true},
		"not null":                    {`{"Null":{"aws:x":"true"}}`, false},
		"all values":                  {`{"ForAllValues:StringEquals":{"aws:many":["a","b","c"]}}`, true},
		"all values, one over":        {`{"ForAllValues:StringEquals":{"aws:many":["a"]}}`, false},
		"all values, absent":          {`{"ForAllValues:StringEquals":{"aws:none":["a"]}}`, true},
		"any value":                   {`{"ForAnyValue:StringEquals":{"aws:many":["b","z"]}}`, true},
		"any value, none":             {`{"ForAnyValue:StringEquals":{"aws:many":["z"]}}`, false},
		"any value, absent":           {`{"ForAnyValue:StringEquals":{"aws:none":["a"]}}`, false},
		"two operators, one not held": {`{"StringEquals":{"aws:x":"1"},"StringLike":{"aws:name":"z*"}}`, false},
		"variable":                    {`{"StringEquals":{"aws:name":"${aws:username}c"}}`, true},
		"variable without a value":    {`{"StringEquals":{"aws:name":"${aws:none}abc"}}`, false},
		"ARN":                         {`{"ArnLike":{"aws:arn":"arn:aws:iam::*:user/es"}}`, true},
	}
	keys := contextKeys{}
	keys.set("aws:x", "1")
	keys.set("aws:name", "abc")
	keys.set("aws:username", "ab")
	keys.set("aws:yes", "true")
	keys.set("aws:many", "a", "b")
	keys.set("aws:arn", "arn:aws:iam::123456789012:user/es")
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			doc, err := readPermissions(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"a:b","Resource":"*","Condition":` + tt.condition + `}}`)
			if err != nil {
				t.Fatal(err)
			}
			if got := judge([]*document{doc}, access{action: "a:b", resource: "r", keys: keys}) == allowed; got != tt.want {
				t.Errorf("holds: %t", got)
			}
		})
	}
}

func TestJudge(t *testing.T) {
	statement := func(s string) string { return `{"Version":"2012-10-17","Statement":[` + s + `]}` }
	const yes = `{"Effect":"Allow","Action":"s3:Get*","Resource":"arn:aws:s3:::b/*"}`
	tests := map[string]struct {
		text             string
		action, resource string
		want             verdict
	}{
		"allowed":           {statement(yes), "s3:GetObject", "arn:aws:s3:::b/x", allowed},
		"action by case":    {statement(yes), "S3:getobject", "arn:aws:s3:::b/x", allowed},
		"other action":      {statement(yes), "s3:PutObject", "arn:aws:s3:::b/x", silent},
		"other resource":    {statement(yes), "s3:GetObject", "arn:aws:s3:::c/x", silent},
		"any, on a pattern": {statement(yes), "s3:GetObject", "*", silent},
		"denied after all":  {statement(yes + `,{"Effect":"Deny","Action":"*","Resource":"*"}`), "s3:GetObject", "arn:aws:s3:::b/x", forbidden},
		"not action":        {statement(`{"Effect":"Allow","NotAction":"iam:*","Resource":"*"}`), "s3:GetObject", "r", allowed},
		"not action, hit":   {statement(`{"Effect":"Allow","NotAction":"iam:*","Resource":"*"}`), "iam:GetUser", "r", silent},
		"not resource":      {statement(`{"Effect":"Allow","Action":"*","NotResource":"arn:aws:s3:::b/*"}`), "s3:GetObject", "arn:aws:s3:::b/x", silent},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			doc, err := readPermissions(tt.text)
			if err != nil {
				t.Fatal(err)
			}
			if got := judge([]*document{doc}, access{action: tt.action, resource: tt.resource, keys: contextKeys{}}); got != tt.want {
				t.Errorf("verdict %d, want %d", got, tt.want)
			}
		})
	}
}
