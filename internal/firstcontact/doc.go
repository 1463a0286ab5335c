// Package firstcontact holds tests of what a new user meets first: sign-in, files and the way to both sides, each made to
// fail for real, with the program as it is built.
package firstcontact
