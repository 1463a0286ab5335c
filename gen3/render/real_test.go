package render

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/uc-cdis/gen3-bootstrap/gen3"
)

func TestReal(t *testing.T) {
	dir := os.Getenv("REAL")
	if dir == "" {
		t.Skip()
	}
	begin := time.Now()
	step := func(s string) { fmt.Println(time.Since(begin).Round(time.Millisecond), s) }
	c, err := Load(t.Context(), nil, dir, "")
	if err != nil {
		t.Fatal(err)
	}
	step("loaded")
	vals := map[string]any{"global": map[string]any{"externalSecrets": map[string]any{"deploy": true}}}
	o := Options{Release: "gen3", Namespace: "gen3"}
	r, err := c.Render(vals, o)
	if err != nil {
		t.Fatal(err)
	}
	step("rendered")
	inv := gen3.Take(r.Objects)
	step("taken")
	or, err := c.Origins(vals, o, r.Values)
	if err != nil {
		t.Fatal(err)
	}
	step("origins")
	pl := Places(inv.Reads)
	by := map[string][]string{}
	for p, rd := range pl {
		by[rd.Remote] = append(by[rd.Remote], or[p].Path)
	}
	for _, q := range inv.Requirements {
		fmt.Println(q.Name, q.Shapes, q.Properties, q.Keys, q.Formats, q.Severity, by[q.Name])
		if os.Getenv("FULL") != "" {
			for _, rr := range q.Readers {
				fmt.Println("    ", rr.By, rr.Container, rr.Via, rr.Key, rr.Optional)
			}
		}
	}
	fmt.Println(len(inv.Requirements), r.LeftOut, r.Clashes, r.Warnings, inv.Unjudged, strings.Repeat("-", 3))
}
