package gen3_test

import (
	"testing"

	"github.com/uc-cdis/gen3-bootstrap/gen3"
)

func TestInCluster(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]bool{
		"": false, "10.0.0.7": false, "::1": false, "db.example.org": false, "db.abc.us-east-1.rds.amazonaws.com": false, "svc.example.org": false,
		"db.other": false, "localhost": true, "gen3-postgresql": true, "DB.Commons": true, "db.commons.": true, "db.commons.svc": true,
		"db.other.svc.cluster.local": true, "db.other.svc.example": true, "db\n": true,
	} {
		if got := gen3.InCluster(host, "commons"); got != want {
			t.Errorf("InCluster(%q) is %v", host, got)
		}
	}
}
