package awsfake

import "net/http"

// early is the outcome of a fault that spares the call its effect, or nil.
func (f *Fault) early(json bool) *reply {
	switch f.Kind {
	case Timeout:
		return &reply{hang: true}
	case ResetBefore, KillBefore:
		return &reply{drop: true}
	case Hook, LostReply, LostReply5xx, KillAfter:
		return nil
	case CustomError:
		return &reply{err: &apiError{max(f.Status, http.StatusBadRequest), f.Code, "a fault that the test asked for"}}
	case Throttling, ServerError, AccessDenied, ConcurrentModification, EntityTemporarilyUnmodifiable, LimitExceeded:
		return &reply{err: f.Kind.refusal(json)}
	}
	return nil
}

// late is what becomes of the answer to a call that had its effect.
func (f *Fault) late(was *reply, json bool) *reply {
	switch f.Kind {
	case LostReply, KillAfter:
		return &reply{drop: true}
	case LostReply5xx:
		return &reply{err: ServerError.refusal(json)}
	case Throttling, ServerError, AccessDenied, ConcurrentModification, EntityTemporarilyUnmodifiable, LimitExceeded,
		CustomError, Timeout, ResetBefore, Hook, KillBefore:
		return was
	}
	return was
}

// refusal is the kind's error as the protocol words it.
func (k Kind) refusal(json bool) *apiError {
	e := &apiError{status: http.StatusInternalServerError, code: "ServiceFailure", message: "An internal error occurred."}
	//nolint:exhaustive // the other kinds are no errors of the service
	switch k {
	case Throttling:
		e = &apiError{http.StatusBadRequest, "Throttling", "Rate exceeded"}
	case AccessDenied:
		e = &apiError{http.StatusForbidden, "AccessDenied", "User is not authorized to perform this action."}
	case ConcurrentModification:
		e = &apiError{http.StatusConflict, "ConcurrentModification", "Another request changed the entity at the same time."}
	case EntityTemporarilyUnmodifiable:
		e = &apiError{http.StatusConflict, "EntityTemporarilyUnmodifiable", "The entity was created moments ago; try again later."}
	case LimitExceeded:
		e = &apiError{http.StatusConflict, "LimitExceeded", "Cannot exceed a quota of the account."}
	}
	if json {
		e = e.asJSON()
	}
	return e
}

// asJSON is how JSON services put it.
func (e *apiError) asJSON() *apiError {
	if e.status >= http.StatusInternalServerError {
		return &apiError{e.status, "InternalServiceError", e.message}
	}
	return &apiError{http.StatusBadRequest, e.code + "Exception", e.message}
}
