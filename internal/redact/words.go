package redact

import "regexp"

var (
	// flagged is an option whose name says that its value is secret, as "--client-secret X" or "--token=X".
	flagged = regexp.MustCompile(`(?i)((?:^|[\s'"])--?[a-z0-9-]*(?:secret|password|passwd|token|credential)[a-z0-9-]*(?:=|\s+))('[^']*'|"[^"]*"|[^\s'"]+)`)
	// userinfo is a password in a URL.
	userinfo = regexp.MustCompile(`(://)[^/@\s"]*:[^/@\s"]*@`)
)

// Words takes out of a command line or a message what its own words call a secret: the values of such options, and what stands
// before the host in URLs.
func Words(text string) string {
	return userinfo.ReplaceAllString(flagged.ReplaceAllString(text, "${1}"+placeholder), "${1}"+placeholder+"@")
}
