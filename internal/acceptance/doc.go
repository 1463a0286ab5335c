// Package acceptance holds the tests of the whole tool against real components: an API server with its controllers,
// the External Secrets chart, and the strict fake of AWS or whatever endpoint GEN3_TEST_AWS_ENDPOINT names. It has no
// other code.
package acceptance
