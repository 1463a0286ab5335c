package writing

import (
	"context"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/reading"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/parallel"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// Step is the name under which secrets stand in a plan.
const Step = "secrets-manager"

// Up is a set of secrets to write. It observes, says what differs, and writes only that.
type Up struct {
	AWS   *iamsetup.AWS
	Owner iamsetup.Owner
	Marks iamsetup.Tags // of what is made: see iamsetup.Owner.Marks
	Items []Item        // of different names
	Options

	Guard func() error // asked before each write; an error ends the writing
	Now   func() time.Time

	planned []decision // one for each item, as last observed
}

// Name is that of the step.
func (*Up) Name() string { return Step }

// Observe looks at every secret and says what Apply would do. It only reads. An error means that AWS did not judge a request.
func (u *Up) Observe(ctx context.Context) ([]plan.Change, error) {
	var err error
	u.planned, err = parallel.Map(ctx, u.Items, u.decide)
	if err != nil {
		return nil, err
	}
	u.follow()
	out := make([]plan.Change, 0, len(u.planned))
	for _, d := range u.planned {
		out = append(out, d.Change)
	}
	return out, nil
}

func (u *Up) decide(ctx context.Context, i Item) (decision, error) {
	s, err := u.look(ctx, i.Name)
	if err != nil {
		return decision{}, err
	}
	return decide(i, s, u.Options, u.Marks), nil
}

// Apply does what the last Observe said, and emits each change. What one secret meets keeps no other from being written, but those that
// come after it. A secret that changed since is not written over.
func (u *Up) Apply(ctx context.Context, sink event.Sink) error {
	errs := make([]error, len(u.planned))
	done := make(map[string]chan struct{}, len(u.planned))
	place := make(map[string]int, len(u.planned))
	for n, planned := range u.planned {
		done[planned.Resource.Name], place[planned.Resource.Name] = make(chan struct{}), n
	}
	var group sync.WaitGroup
	for n, planned := range u.planned {
		group.Go(func() {
			defer close(done[planned.Resource.Name])
			for _, name := range u.Items[n].After {
				if before, ok := place[name]; ok {
					<-done[name]
					if errs[before] != nil {
						errs[n] = fmt.Errorf("secret %s of Secrets Manager: it is not written, since %s is not, of which it holds a part", u.Items[n].Name, name)
						return
					}
				}
			}
			if planned.write != nothing {
				errs[n] = u.apply(ctx, u.Items[n], planned, sink)
			}
		})
	}
	group.Wait()
	return errors.Join(errs...)
}

// apply brings one secret to its end. Each write is followed by another look only where its answer, or what it brought to light, leaves
// something open.
func (u *Up) apply(ctx context.Context, i Item, planned decision, sink event.Sink) error {
	d, err := u.again(ctx, i, planned)
	if err != nil || d.write == nothing {
		return err
	}
	if d.write == restore {
		if err := u.send(ctx, i, d); err != nil {
			return err
		}
		u.emit(sink, d.Change)
		if d, err = u.decide(ctx, i); err != nil {
			return err
		}
		if d.Action == plan.Blocked {
			return hint.With(fmt.Errorf("%w (it was taken back from deletion, and is left as it is)", hint.Blocked(d.Change)), hint.Lines(hint.Blocked(d.Change))...)
		}
		if d.over { // nobody has seen this plan
			return hint.With(fmt.Errorf("secret %s of Secrets Manager: it was taken back from deletion, and %s", i.Name, strings.TrimSuffix(d.Reason, ", and is written over"+from(i))),
				"run the same command again: its plan shows what --overwrite takes away")
		}
		if d.write == nothing {
			return nil
		}
	}
	if err := u.send(ctx, i, d); err != nil {
		return u.settle(ctx, i, d, err, sink)
	}
	u.emit(sink, d.Change)
	return nil
}

// again looks right before a write, and refuses what the plan did not say.
func (u *Up) again(ctx context.Context, i Item, planned decision) (decision, error) {
	d, err := u.decide(ctx, i)
	switch {
	case err != nil:
		return d, err
	case d.Action == plan.Blocked:
		return d, hint.With(fmt.Errorf("%w (it changed since the plan was made, and is left as it is)", hint.Blocked(d.Change)), hint.Lines(hint.Blocked(d.Change))...)
	case d.over && (d.base != planned.base || !planned.over), i.Keep && planned.write == create && d.write == nothing:
		return d, hint.With(fmt.Errorf("secret %s of Secrets Manager: it changed since the plan was made, and is left as it is", i.Name), "run the same command again, and look at its plan")
	}
	return d, nil
}

// settle finds out what became of a write that AWS refused or did not answer: another run, or an attempt whose answer was lost, may
// have made the same.
func (u *Up) settle(ctx context.Context, i Item, sent decision, failed error, sink event.Sink) error {
	i.Keep = false // what is there counts only if it is what was sent
	taken := iamsetup.ErrorCode(failed) == "ResourceExistsException"
	if ctx.Err() != nil || !taken && !iamsetup.IsUnclear(failed) {
		return failed
	}
	d, err := u.decide(ctx, i)
	switch {
	case err != nil:
		return failed
	case d.write == nothing && d.Action == plan.None:
		u.emit(sink, sent.Change)
		return nil
	case taken && d.Action == plan.Blocked:
		return hint.Blocked(d.Change)
	}
	return failed
}

func (u *Up) emit(sink event.Sink, c plan.Change) {
	sink.Emit(event.Event{Time: u.Now(), Type: event.Changed, Step: Step, Change: &c})
}

// send makes the calls of a decision.
func (u *Up) send(ctx context.Context, i Item, d decision) error {
	api := u.api()
	switch d.write {
	case create:
		return u.call(ctx, "create", i, func(ctx context.Context) error {
			_, err := api.CreateSecret(ctx, &secretsmanager.CreateSecretInput{
				Name: &i.Name, SecretString: aws.String(d.text.Reveal()), ClientRequestToken: u.token(i.Name, d), KmsKeyId: orNil(u.KMSKey), Tags: list(d.tags),
				Description: aws.String("Written by gen3-bootstrap for Gen3 in namespace " + u.Owner.Namespace),
			})
			return err
		})
	case restore:
		return u.call(ctx, "restore", i, func(ctx context.Context) error {
			_, err := api.RestoreSecret(ctx, &secretsmanager.RestoreSecretInput{SecretId: &i.Name})
			return err
		})
	case put:
		err := u.call(ctx, "put a value into", i, func(ctx context.Context) error {
			_, err := api.PutSecretValue(ctx, &secretsmanager.PutSecretValueInput{SecretId: &i.Name, SecretString: aws.String(d.text.Reveal()), ClientRequestToken: u.token(i.Name, d)})
			return err
		})
		if err != nil || len(d.tags) == 0 {
			return err
		}
	case tag, nothing:
	}
	return u.call(ctx, "tag", i, func(ctx context.Context) error {
		_, err := api.TagResource(ctx, &secretsmanager.TagResourceInput{SecretId: &i.Name, Tags: list(d.tags)})
		return err
	})
}

// answerTime is how long a call that was begun is waited for, also when the run is interrupted meanwhile.
const answerTime = 30 * time.Second

// call begins nothing once the run has ended or lost its lock.
func (u *Up) call(ctx context.Context, verb string, i Item, send func(context.Context) error) error {
	if err := u.Guard(); err != nil {
		return err
	}
	if cause := context.Cause(ctx); cause != nil {
		return fmt.Errorf("%s secret %s of Secrets Manager: not begun: %w", verb, i.Name, cause)
	}
	begun, cancel := context.WithTimeout(context.WithoutCancel(ctx), answerTime) // so that it is known what became of it
	defer cancel()
	if err := send(begun); err != nil {
		err = fmt.Errorf("%s secret %s of Secrets Manager: %w", verb, i.Name, err)
		if strings.Contains(err.Error(), "KMS") {
			err = hint.With(err, "the caller needs kms:GenerateDataKey and kms:Decrypt for the KMS key of the secret, in the caller's policy and in the key's")
		}
		return err
	}
	return nil
}

func (u *Up) api() *secretsmanager.Client { return secretsmanager.NewFromConfig(u.AWS.OwnConfig()) }

func orNil(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func list(tags iamsetup.Tags) []types.Tag {
	var out []types.Tag
	for _, key := range tags.Keys() {
		out = append(out, types.Tag{Key: aws.String(key), Value: aws.String(tags[key])})
	}
	return out
}

// tokenRounds makes a guess at the content of a token cost some ten milliseconds.
const tokenRounds = 100_000

// token is the id of the version that a write makes. It comes from what is written, so that a write which is sent twice, by this run or by
// the next one after a kill, counts once; and from the version that it is put over, so that a value which comes back later is written again.
//
// Whoever may describe a secret sees the ids of its versions, also without the right to read values. The content is the key of the hash and
// never comes out of it; but who guesses all of the content can see that the guess is right. That takes tokenRounds per guess, which
// leaves random passwords out of reach and makes it slow for what is not random.
func (u *Up) token(name string, d decision) *string {
	salt := strings.Join([]string{"gen3-bootstrap", u.Owner.String(), name, d.base}, "\x00")
	key, err := pbkdf2.Key(sha256.New, d.text.Reveal(), []byte(salt), tokenRounds, sha256.Size)
	if err != nil {
		panic(err) // of its constant parameters
	}
	return aws.String(hex.EncodeToString(key))
}

// look reads a secret's value, and what it says of itself.
func (u *Up) look(ctx context.Context, name string) (s seen, err error) {
	var described error
	var group sync.WaitGroup
	group.Go(func() { described = u.describe(ctx, name, &s) })
	answer, err := reading.WithOwn(u.AWS).Try(ctx, name)
	group.Wait()
	s.answer = answer
	if err == nil {
		err = described
	}
	if err == nil && answer.Credentials() {
		err = fmt.Errorf("read secret %s from Secrets Manager: %s", name, answer.Says)
	}
	return s, err
}

func (u *Up) describe(ctx context.Context, name string, s *seen) error {
	out, err := u.api().DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: &name})
	if denial, denied := iamsetup.DenialIn(err); denied {
		s.unknown = denial.Message
		return nil
	}
	switch iamsetup.ErrorCode(err) {
	case "ResourceNotFoundException", "ValidationException", "InvalidParameterException": // which the value's own answer tells as well
		return nil
	}
	if err != nil {
		return fmt.Errorf("describe secret %s of Secrets Manager: %w", name, err)
	}
	s.deleted = aws.ToTime(out.DeletedDate)
	s.tags = iamsetup.Tags{}
	for _, t := range out.Tags {
		s.tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return nil
}
