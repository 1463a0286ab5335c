package acceptance

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
)

// What the protocol of keys promises beside the matrix: cases of two things that go wrong at once, or of somebody else
// who acts meanwhile.

// TestInterruptedMintWhoseAnswerIsLost: nobody knows the secret half, and the interrupt must not hide that there is a key.
func TestInterruptedMintWhoseAnswerIsLost(t *testing.T) {
	t.Parallel()
	for _, kind := range []awsfake.Kind{awsfake.LostReply, awsfake.LostReply5xx} {
		w := newWorld(t, anySandbox(t))
		ctx, interrupt := context.WithCancel(t.Context())
		w.aws.Fault(awsfake.Fault{Action: "CreateAccessKey", Times: 1, Kind: kind})
		w.aws.OnCall(func(phase awsfake.Phase, c awsfake.Call) {
			if c.Action == "CreateAccessKey" && phase == awsfake.Before {
				interrupt()
			}
		})
		result, err := w.up(ctx)
		if !errors.Is(err, bootstrap.ErrInterrupted) {
			t.Errorf("error %v\n%s", err, problems(result))
		}
		if keys := w.aws.Keys(w.settings.UserName); len(keys) != 0 {
			t.Errorf("keys are left behind: %v\n%s", keys, problems(result))
		}
		w.mustUp(t)
		w.liveKey(t)
		w.mustBeConverged(t)
	}
}

// TestRefusedMintClaimsNoKey: a key that somebody makes after our call was refused is theirs.
func TestRefusedMintClaimsNoKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t, anySandbox(t))
	w.aws.Fault(awsfake.Fault{Action: "CreateAccessKey", Times: 1, Kind: awsfake.AccessDenied})
	if _, err := w.up(t.Context()); err == nil {
		t.Fatal("up succeeded")
	}
	theirs, err := w.aws.AddKey(w.settings.UserName)
	check(t, "add key", err)
	w.mustUp(t)
	w.liveKeyBeside(t, theirs)
}

// TestLostMintsLeaveNothing: when answers are lost, each attempt takes back what it announced and made.
func TestLostMintsLeaveNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, anySandbox(t))
	w.aws.Fault(awsfake.Fault{Action: "CreateAccessKey", Times: 2, Kind: awsfake.LostReply})
	w.mustUp(t)
	used := w.liveKey(t)
	tags := w.userTags(t)
	owner := w.mustUp(t).Cluster.ID + "/" + w.namespace
	if _, announced := tags["gen3-bootstrap/minting/"+owner]; announced || tags["gen3-bootstrap/key/"+used] != owner {
		t.Errorf("the user carries %v", tags)
	}
	w.mustBeConverged(t)
}

// TestKeyOfALostAnswerThatSomebodyUsesStays: then it is somebody's, although it was made in the time of our call.
func TestKeyOfALostAnswerThatSomebodyUsesStays(t *testing.T) {
	t.Parallel()
	w := newWorld(t, anySandbox(t))
	w.aws.Fault(awsfake.Fault{Action: "CreateAccessKey", Times: 1, Kind: awsfake.LostReply})
	w.aws.OnCall(func(phase awsfake.Phase, c awsfake.Call) {
		if c.Action == "CreateAccessKey" && phase == awsfake.After {
			w.aws.SetKeyUsed(w.aws.Keys(w.settings.UserName)[0].ID, "s3", region, time.Now())
		}
	})
	for range 2 { // the run itself, and the next one
		result, err := w.up(t.Context())
		keys := w.aws.Keys(w.settings.UserName)
		if err == nil || len(keys) != 1 || !hasProblem(result, keys[0].ID) {
			t.Fatalf("error %v, keys %v\n%s", err, keys, problems(result))
		}
	}
}

// TestUnreadableListLeavesTheIntentOpen: as long as nobody can tell whether there is a key, no other is minted.
func TestUnreadableListLeavesTheIntentOpen(t *testing.T) {
	t.Parallel()
	w := newWorld(t, anySandbox(t))
	w.aws.Fault(awsfake.Fault{Action: "CreateAccessKey", Times: 1, Kind: awsfake.LostReply})
	var clear func()
	w.aws.OnCall(func(phase awsfake.Phase, c awsfake.Call) {
		if c.Action == "CreateAccessKey" && phase == awsfake.After && clear == nil {
			clear = w.aws.Fault(awsfake.Fault{Action: "ListAccessKeys", Kind: awsfake.AccessDenied})
		}
	})
	result, err := w.up(t.Context())
	if err == nil || len(w.aws.Keys(w.settings.UserName)) != 1 {
		t.Fatalf("error %v, keys %v\n%s", err, w.aws.Keys(w.settings.UserName), problems(result))
	}
	clear()
	w.mustUp(t)
	w.liveKey(t)
	w.mustBeConverged(t)
}

// TestOtherSecretNamesKeepTheKey: the Secrets of before are still read by whoever has not been told.
func TestOtherSecretNamesKeepTheKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t, anySandbox(t))
	w.mustUp(t)
	before := string(w.secret(t, bootstrap.ChartSecretName).Data["access-key"])
	w.settings.SecretNames = []string{"other"}
	w.mustUp(t)
	for _, name := range []string{"other", bootstrap.ChartSecretName} {
		if id := string(w.secret(t, name).Data["access-key"]); id != before {
			t.Errorf("Secret %s holds %s, want %s", name, id, before)
		}
	}
	keys := w.aws.Keys(w.settings.UserName)
	if !slices.ContainsFunc(keys, func(k awsfake.Key) bool { return k.ID == before }) || len(keys) != 1 {
		t.Errorf("keys %v", keys)
	}
	w.mustBeConverged(t)
}
