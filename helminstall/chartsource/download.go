package chartsource

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

const (
	// downloadTimeout keeps a server that accepts and then says nothing from eating the whole run.
	downloadTimeout = time.Minute
	maxDownload     = 64 << 20
)

// httpStatus is an answer that is not a success.
type httpStatus int

func (s httpStatus) Error() string { return fmt.Sprintf("HTTP %d %s", int(s), http.StatusText(int(s))) }

// download reads one address whole. Its errors carry no credentials.
func download(ctx context.Context, client *http.Client, addr string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, downloadTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, addr, nil)
	if err != nil {
		return nil, errors.New("not a URL")
	}
	res, err := client.Do(req)
	if ue, ok := errors.AsType[*url.Error](err); ok {
		return nil, fmt.Errorf("get %s: %w", req.URL.Redacted(), ue.Err)
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("get %s: %w", req.URL.Redacted(), httpStatus(res.StatusCode))
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, maxDownload+1))
	if err == nil && len(body) > maxDownload {
		err = fmt.Errorf("more than %d MiB", maxDownload>>20)
	}
	if err != nil {
		return nil, fmt.Errorf("get %s: %w", req.URL.Redacted(), err)
	}
	return body, nil
}
