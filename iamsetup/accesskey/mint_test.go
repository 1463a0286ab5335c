package accesskey

import (
	"errors"
	"maps"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/iamtest"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/principal"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
)

func minter(client *iam.Client) *Up {
	return &Up{
		AWS: &iamsetup.AWS{IAM: client, Clock: iamsetup.NewClock(time.Now)}, Lookup: &principal.UserLookup{API: client, UserName: "es"},
		Owner: iamsetup.Owner{Cluster: "cluster-1", Namespace: "gen3"}, Pace: iamtest.Pace(), Guard: func() error { return nil },
	}
}

// TestAnnouncementOfAnotherStays: a run takes back its own announcement alone.
func TestAnnouncementOfAnotherStays(t *testing.T) {
	t.Parallel()
	srv, client := iamtest.Start(t)
	k := minter(client)
	own, other := intent{owner: k.Owner.String()}.tags(), intent{owner: "cluster-2/gen3"}.tags()
	all := maps.Clone(other)
	maps.Copy(all, own)
	if _, err := srv.AddUser("es", all); err != nil {
		t.Fatal(err)
	}
	if err := k.unannounce(t.Context(), iamsetup.Report{Sink: event.Discard}); err != nil {
		t.Fatal(err)
	}
	if tags, err := k.tags(t.Context()); err != nil || !maps.Equal(tags, other) {
		t.Errorf("tags %v, error %v", tags, err)
	}
}

// TestOwnersThatAnnounceAtOnce: of two owners who see each other exactly one goes on.
func TestOwnersThatAnnounceAtOnce(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		started, deadline time.Duration // of the other
		lost              bool
	}{
		"the other was first":   {-time.Second, time.Minute, true},
		"the other comes after": {time.Second, time.Minute, false},
		"the other's is over":   {-time.Hour, -59 * time.Minute, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv, client := iamtest.Start(t)
			now := time.Now().UTC().Truncate(time.Second)
			other := intent{owner: "cluster-2/gen3", started: now.Add(test.started), deadline: now.Add(test.deadline)}
			if _, err := srv.AddUser("es", iamsetup.Tags{iamsetup.TagManagedBy: iamsetup.ManagedBy, iamsetup.TagMinting + other.owner: other.tags()[iamsetup.TagMinting+other.owner]}); err != nil {
				t.Fatal(err)
			}
			k := minter(client)
			err := k.tellOthers(t.Context(), iamsetup.Report{Sink: event.Discard}, intent{owner: k.Owner.String(), started: now, deadline: now.Add(time.Minute)})
			if lost := err != nil && strings.Contains(err.Error(), "cluster-2/gen3 is minting on it as well"); lost != test.lost || err != nil && !lost {
				t.Errorf("error %v", err)
			}
		})
	}
}

// TestIntentFitsATag: the longest names that Kubernetes and AWS know leave it within IAM's limits, and it comes back whole.
func TestIntentFitsATag(t *testing.T) {
	t.Parallel()
	i := intent{
		owner: strings.Repeat("a", 36) + "/" + strings.Repeat("n", 63), started: at(30), deadline: at(31), existing: []string{keyA, keyB},
	}
	for key, value := range i.tags() {
		if len(key) > 128 || len(value) > 256 {
			t.Errorf("key of %d characters, value of %d", len(key), len(value))
		}
	}
	if back := intentsOf(i.tags()); len(back) != 1 || !reflect.DeepEqual(back[0], i) {
		t.Errorf("read back %+v", back)
	}
}

// TestLateMintIsNotSent: others may take the key of a call that goes out after its announced deadline for somebody's.
func TestLateMintIsNotSent(t *testing.T) {
	t.Parallel()
	srv, client := iamtest.Start(t)
	if _, err := srv.AddUser("es", nil); err != nil {
		t.Fatal(err)
	}
	k := minter(client)
	_, err := k.create(t.Context(), iamsetup.Report{Sink: event.Discard}, minting{sendBy: time.Now().Add(-time.Second)})
	if err == nil || !strings.Contains(err.Error(), "the announced deadline has passed") || len(srv.Keys("es")) > 0 {
		t.Errorf("error %v, keys %v", err, srv.Keys("es"))
	}
}

// TestNoKeyIsDeletedWithoutTheLock: another run may be using it.
func TestNoKeyIsDeletedWithoutTheLock(t *testing.T) {
	t.Parallel()
	srv, client := iamtest.Start(t)
	if _, err := srv.AddUser("es", nil); err != nil {
		t.Fatal(err)
	}
	id, err := srv.AddKey("es")
	if err != nil {
		t.Fatal(err)
	}
	k, lost := minter(client), errors.New("lost")
	k.Guard = func() error { return lost }
	if err := k.delete(t.Context(), iamsetup.Report{Sink: event.Discard}, []doomed{{id: id}}); !errors.Is(err, lost) || len(srv.Keys("es")) != 1 {
		t.Errorf("error %v, keys %v", err, srv.Keys("es"))
	}
}
