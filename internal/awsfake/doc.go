// Package awsfake is an AWS of one account, over HTTP: IAM and STS (Query protocol, XML) and Secrets Manager (JSON
// 1.1) on one endpoint, for tests, the demo and the sandbox.
//
// It is strict where AWS is strict. Signatures are checked with the stored secret, and unknown, inactive and expired
// keys are refused; names, tags, policy documents and quotas are judged; deletes conflict with what is still there;
// lists come in small pages; policies, boundaries and trust policies are evaluated for every caller but the admin. An
// action that it does not know is refused, remembered, and fails the test that started the server.
//
// What goes wrong in the real service can be had on demand: Fault makes a named call fail, hang, lose its reply, or
// call back so that a test can kill its client there; DelayVisibility makes reads lag behind writes.
//
// Every call is recorded under a name that does not depend on what other calls run at the same time: service, action,
// object and occurrence, as in "iam:CreateUser external_secrets_user #1".
//
// All ids, keys and secrets are made from a seed, carry the word EXAMPLE as AWS's documentation does, and open nothing.
package awsfake
