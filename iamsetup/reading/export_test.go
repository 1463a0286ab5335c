package reading

// Judge is judge, for the answers that no fake gives.
var Judge = judge //nolint:gochecknoglobals // for tests
