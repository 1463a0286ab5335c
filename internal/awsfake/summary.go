package awsfake

// summary is an account's quotas, as far as the fake has any that can be raised.
type summary struct {
	Entries []summaryEntry `xml:"SummaryMap>entry"`
}

type summaryEntry struct {
	Key   string `xml:"key"`
	Value int    `xml:"value"`
}

func accountActions() map[string]action {
	return map[string]action{"GetAccountSummary": {on: onAny, run: getAccountSummary}}
}

func getAccountSummary(r *request) (any, error) {
	var out summary
	for _, kind := range []string{"user", "group", "role"} {
		out.Entries = append(out.Entries, summaryEntry{"AttachedPoliciesPer" + title(kind) + "Quota", r.srv.attachable})
	}
	out.Entries = append(out.Entries, summaryEntry{"AssumeRolePolicySizeQuota", r.srv.trusting})
	return out, nil
}
