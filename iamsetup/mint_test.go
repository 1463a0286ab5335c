package iamsetup

import (
	"testing"
	"time"

	"github.com/uc-cdis/gen3-bootstrap/internal/event"
)

// TestAnnouncementOfAnotherStays: a run that lost the race for a user takes back its own announcement alone.
func TestAnnouncementOfAnotherStays(t *testing.T) {
	t.Parallel()
	now := time.Now()
	ours, other := "cluster-1/gen3 ", "cluster-2/gen3 "
	for name, test := range map[string]struct {
		value string
		stays bool
	}{
		"ours":              {ours + now.Add(time.Minute).UTC().Format(time.RFC3339), false},
		"another's":         {other + now.Add(time.Minute).UTC().Format(time.RFC3339), true},
		"another's, of old": {other + now.Add(-time.Hour).UTC().Format(time.RFC3339), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv, client := fakeAccount(t)
			if _, err := srv.AddUser("es", map[string]string{tagMinting: test.value}); err != nil {
				t.Fatal(err)
			}
			k := &AccessKey{
				API: client, AWS: &AWS{Clock: &Clock{local: time.Now}}, Lookup: &UserLookup{API: client, UserName: "es"},
				Owner: Owner{Cluster: "cluster-1", Namespace: "gen3"}, Pace: testPace(),
			}
			if err := k.unannounce(t.Context(), report{sink: event.Discard}); err != nil {
				t.Fatal(err)
			}
			tags, err := k.tags(t.Context())
			if err != nil || (tags[tagMinting] != "") != test.stays {
				t.Errorf("tags %v, error %v", tags, err)
			}
		})
	}
}
