package iamsetup

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
	"github.com/uc-cdis/gen3-bootstrap/internal/credential"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
)

func minter(client *iam.Client) *AccessKey {
	return &AccessKey{
		API: client, AWS: &AWS{Clock: &Clock{local: time.Now}}, Lookup: &UserLookup{API: client, UserName: "es"},
		Owner: Owner{Cluster: "cluster-1", Namespace: "gen3"}, Pace: testPace(), Guard: func() error { return nil },
	}
}

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
			k := minter(client)
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

// TestAnnouncementThatLosesARace: two owners announce at the same time, and the tag shows to both whose came last.
func TestAnnouncementThatLosesARace(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		deadline time.Duration
		lost     bool
	}{"another's mint": {time.Minute, true}, "another's of old": {-time.Hour, false}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv, client := fakeAccount(t)
			if _, err := srv.AddUser("es", nil); err != nil {
				t.Fatal(err)
			}
			key, value := tagMinting, "cluster-2/gen3 "+time.Now().Add(test.deadline).UTC().Format(time.RFC3339)
			var done atomic.Bool
			srv.OnCall(func(phase awsfake.Phase, c awsfake.Call) {
				if phase == awsfake.Before || c.Action != "TagUser" || !done.CompareAndSwap(false, true) {
					return
				}
				theirs := &iam.TagUserInput{UserName: aws.String("es"), Tags: Tags{key: value}.list()}
				if _, err := client.TagUser(context.WithoutCancel(t.Context()), theirs); err != nil {
					t.Error(err)
				}
			})
			k := minter(client)
			err := k.tellOthers(t.Context(), report{sink: event.Discard}, minting{intent: &credential.Mint{Deadline: time.Now().Add(time.Minute)}})
			if lost := err != nil && strings.Contains(err.Error(), "cluster-2/gen3 is minting on it as well"); lost != test.lost || err != nil && !lost {
				t.Errorf("error %v", err)
			}
		})
	}
}

// intents is a Journal in memory.
type intents []credential.Mint

func (i *intents) Mints() []credential.Mint { return *i }

func (i *intents) SaveMints(_ context.Context, mints []credential.Mint) error {
	*i = mints
	return nil
}

// TestLateMintIsNotSent: others may take the key of a call that goes out after its announced deadline for somebody's.
func TestLateMintIsNotSent(t *testing.T) {
	t.Parallel()
	srv, client := fakeAccount(t)
	if _, err := srv.AddUser("es", nil); err != nil {
		t.Fatal(err)
	}
	k := minter(client)
	k.Journal = &intents{}
	m := minting{intent: &credential.Mint{State: credential.MintOpen}}
	_, err := k.create(t.Context(), report{sink: event.Discard}, m, time.Now().Add(-time.Second))
	if err == nil || !strings.Contains(err.Error(), "the announced deadline has passed") || len(srv.Keys("es")) > 0 {
		t.Errorf("error %v, keys %v", err, srv.Keys("es"))
	}
	if mints := k.Journal.Mints(); len(mints) != 1 || mints[0].State != credential.MintUndone {
		t.Errorf("the record tells of %+v", mints)
	}
}

// TestNoKeyIsDeletedWithoutTheLock: another run may be using it.
func TestNoKeyIsDeletedWithoutTheLock(t *testing.T) {
	t.Parallel()
	srv, client := fakeAccount(t)
	if _, err := srv.AddUser("es", nil); err != nil {
		t.Fatal(err)
	}
	id, err := srv.AddKey("es")
	if err != nil {
		t.Fatal(err)
	}
	k, lost := minter(client), errors.New("lost")
	k.Guard = func() error { return lost }
	if err := k.delete(t.Context(), report{sink: event.Discard}, []doomed{{id: id}}); !errors.Is(err, lost) || len(srv.Keys("es")) != 1 {
		t.Errorf("error %v, keys %v", err, srv.Keys("es"))
	}
}
