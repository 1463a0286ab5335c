package awsfake

import (
	"fmt"
	"net/http"
)

// apiError is a refusal as AWS words it.
type apiError struct {
	status  int
	code    string
	message string
}

// Error implements error.
func (e *apiError) Error() string { return e.code + ": " + e.message }

func refuse(status int, code, format string, args ...any) error {
	return &apiError{status: status, code: code, message: fmt.Sprintf(format, args...)}
}

func noSuchEntity(format string, args ...any) error {
	return refuse(http.StatusNotFound, "NoSuchEntity", format, args...)
}

func alreadyExists(format string, args ...any) error {
	return refuse(http.StatusConflict, "EntityAlreadyExists", format, args...)
}

func deleteConflict(message string) error {
	return refuse(http.StatusConflict, "DeleteConflict", "%s", message)
}

func limitExceeded(format string, args ...any) error {
	return refuse(http.StatusConflict, "LimitExceeded", format, args...)
}

func invalidInput(format string, args ...any) error {
	return refuse(http.StatusBadRequest, "InvalidInput", format, args...)
}

func invalidValue(format string, args ...any) error {
	return refuse(http.StatusBadRequest, "ValidationError", format, args...)
}

func malformedPolicy(format string, args ...any) error {
	return refuse(http.StatusBadRequest, "MalformedPolicyDocument", format, args...)
}

// constraint is a refusal in the words of AWS's own request validation.
func constraint(value, field, rule string) error {
	return invalidValue("1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: Member must %s",
		value, field, rule)
}

// badRequest is Secrets Manager's status for nearly everything.
func badRequest(code, format string, args ...any) error {
	return refuse(http.StatusBadRequest, code, format, args...)
}

// codeAbsent is Secrets Manager's for what is not there.
const codeAbsent = "ResourceNotFoundException"

func resourceNotFound() error {
	return badRequest(codeAbsent, "Secrets Manager can't find the specified secret.")
}

func invalidParameter(format string, args ...any) error {
	return badRequest("InvalidParameterException", format, args...)
}

func invalidRequest(format string, args ...any) error {
	return badRequest("InvalidRequestException", format, args...)
}

// accessDenied is in the words of the request's service.
func (r *request) accessDenied(action, resource, why string) error {
	message := fmt.Sprintf("User: %s is not authorized to perform: %s", r.who.arn, action)
	if resource != "" {
		message += " on resource: " + resource
	}
	message += " " + why
	if r.json() {
		return badRequest("AccessDeniedException", "%s", message)
	}
	return refuse(http.StatusForbidden, "AccessDenied", "%s", message)
}
