// Package teardown takes apart what up made for a namespace. It asks the steps for nothing that up needs, and trusts the record for names alone.
package teardown
