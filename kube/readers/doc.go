// Package readers knows who reads the Secrets of an access key: External Secrets Operator by its stores, and pods. After a change of the
// Secrets it has them read again and says who has not. It knows nothing of AWS.
package readers
