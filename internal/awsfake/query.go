package awsfake

import (
	"bytes"
	"encoding/xml"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// send writes the answer, if there is to be one.
func (s *Server) send(w http.ResponseWriter, hr *http.Request, r *request, out *reply) {
	if out.hang {
		select {
		case <-hr.Context().Done():
		case <-s.done:
		}
	}
	if out.drop || out.hang {
		panic(http.ErrAbortHandler) // what net/http takes for closing the connection without an answer
	}
	w.Header().Set("Date", r.now.UTC().Format(http.TimeFormat))
	w.Header().Set("X-Amzn-Requestid", r.requestID)
	if r.json() {
		sendJSON(w, out)
	} else {
		sendXML(w, r, out)
	}
}

// failure is the body of a Query protocol's error.
type failure struct {
	XMLName   xml.Name `xml:"ErrorResponse"`
	Namespace string   `xml:"xmlns,attr"`
	Type      string   `xml:"Error>Type"`
	Code      string   `xml:"Error>Code"`
	Message   string   `xml:"Error>Message"`
	RequestID string   `xml:"RequestId"`
}

func sendXML(w http.ResponseWriter, r *request, out *reply) {
	var body bytes.Buffer
	status := http.StatusOK
	enc := xml.NewEncoder(&body)
	var err error
	if e, failed := out.err.(*apiError); failed { //nolint:errorlint // ours are never wrapped
		status = e.status
		err = enc.Encode(failure{
			Namespace: r.namespace(), Type: side(status), Code: e.code, Message: e.message, RequestID: r.requestID,
		})
	} else {
		err = encodeResult(enc, r, out.result)
	}
	if err != nil {
		panic(err) // a result of ours that has no XML form
	}
	w.Header().Set("Content-Type", "text/xml")
	w.WriteHeader(status)
	_, _ = w.Write(body.Bytes()) // the client may be gone
}

// side says whose fault an error is.
func side(status int) string {
	if status >= http.StatusInternalServerError {
		return "Receiver"
	}
	return "Sender"
}

func (r *request) namespace() string {
	if r.call.Service == "sts" {
		return "https://sts.amazonaws.com/doc/2011-06-15/"
	}
	return "https://iam.amazonaws.com/doc/2010-05-08/"
}

// encodeResult wraps a result as the Query protocol does: <CreateUserResponse><CreateUserResult>….
func encodeResult(enc *xml.Encoder, r *request, result any) error {
	outer := xml.StartElement{
		Name: xml.Name{Local: r.call.Action + "Response"},
		Attr: []xml.Attr{{Name: xml.Name{Local: "xmlns"}, Value: r.namespace()}},
	}
	if err := enc.EncodeToken(outer); err != nil {
		return err
	}
	if result != nil {
		inner := xml.StartElement{Name: xml.Name{Local: r.call.Action + "Result"}}
		if err := enc.EncodeElement(result, inner); err != nil {
			return err
		}
	}
	meta := struct {
		XMLName   xml.Name `xml:"ResponseMetadata"`
		RequestID string   `xml:"RequestId"`
	}{RequestID: r.requestID}
	if err := enc.Encode(meta); err != nil {
		return err
	}
	if err := enc.EncodeToken(outer.End()); err != nil {
		return err
	}
	return enc.Flush()
}

// str is a parameter's value, or empty.
func (r *request) str(field string) string { return r.form.Get(field) }

// list is a list parameter's values: Field.member.1 and so on.
func (r *request) list(field string) []string {
	var out []string
	for i := 1; r.form.Has(field + ".member." + strconv.Itoa(i)); i++ {
		out = append(out, r.form.Get(field+".member."+strconv.Itoa(i)))
	}
	return out
}

// urlEncoded is how IAM gives out documents: RFC 3986, so a space is %20.
func urlEncoded(document string) string {
	return strings.ReplaceAll(url.QueryEscape(document), "+", "%20")
}

// stamp is how the Query services write a time: whole seconds.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }
