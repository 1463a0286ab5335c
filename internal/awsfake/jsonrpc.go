package awsfake

import (
	"encoding/json"
	"math"
	"net/http"
	"time"
)

// sendJSON writes an answer of AWS JSON 1.1.
func sendJSON(w http.ResponseWriter, out *reply) {
	status, result := http.StatusOK, out.result
	if e, failed := out.err.(*apiError); failed { //nolint:errorlint // ours are never wrapped
		status = e.status
		result = map[string]string{"__type": e.code, "Message": e.message}
		w.Header().Set("X-Amzn-Errortype", e.code)
	}
	body, err := json.Marshal(result)
	if err != nil {
		panic(err) // a result of ours that has no JSON form
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client may be gone
}

// epoch is how JSON services write a time: seconds, to the millisecond.
func epoch(t time.Time) float64 { return math.Round(float64(t.UnixMilli())) / 1e3 }
