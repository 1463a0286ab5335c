// Package writing puts secrets into AWS Secrets Manager: what is missing is created, what is there and equal is left alone, and what
// differs is not written over unless the operator names it. It looks first and writes then, and looks again right before each write.
// No value is in what it says; the names of properties are.
package writing
