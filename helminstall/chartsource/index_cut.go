package chartsource

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

// errLayout is returned for a large index in another layout than `helm repo index` writes.
var errLayout = fmt.Errorf("its index.yaml is larger than %d MiB and not laid out as helm writes it", wholeIndex>>20)

// cutter goes through the lines of an index:
//
//	entries:
//	  chart:
//	  - version: 1.2.3
//	    urls:
//	    - https://…
type cutter struct {
	chart string // whose entries are wanted
	out   chartIndex

	inside bool // the section of entries
	own    bool // the chart's entries
	name   int  // columns before a chart's name, -1 where not known yet
	dash   int  // columns before the dash of an entry, -1 where not known yet
	key    int  // columns before the keys of an entry
	wanted bool // the last key of the entry is one that is read
	item   []byte
	open   bool // item is an entry
}

// cutIndex reads the entries of one chart out of a large index.
func cutIndex(body []byte, chart string) (chartIndex, error) {
	c := cutter{chart: chart, name: -1, dash: -1}
	for line := range bytes.Lines(body) {
		if err := c.line(bytes.TrimRight(line, "\r\n ")); err != nil {
			return c.out, err
		}
	}
	if err := c.end(); err != nil {
		return c.out, err
	}
	if len(c.out.charts) == 0 {
		return c.out, errNoCharts
	}
	return c.out, nil
}

func (c *cutter) line(line []byte) error {
	text := bytes.TrimLeft(line, " ")
	column := len(line) - len(text)
	if len(text) == 0 || text[0] == '#' {
		return nil
	}
	listed := string(text) == "-" || bytes.HasPrefix(text, []byte("- "))
	if column == 0 && !listed {
		c.inside, c.own = string(text) == "entries:", false
		return c.end()
	}
	if !c.inside {
		return nil
	}
	if c.name < 0 {
		c.name = column
	}
	if column == c.name && !listed {
		return c.begin(text)
	}
	if !c.own {
		return nil
	}
	if c.dash < 0 {
		c.dash = column
	}
	if column != c.dash || !listed {
		c.keep(text, column)
		return nil
	}
	err := c.end()
	text = bytes.TrimLeft(text[1:], " ")
	c.open, c.key = true, len(line)-len(text)
	c.keep(text, c.key)
	return err
}

// begin comes to the next chart.
func (c *cutter) begin(text []byte) error {
	chart, ok := strings.CutSuffix(string(text), ":")
	if !ok {
		return errLayout
	}
	chart = strings.Trim(chart, `"'`)
	c.out.charts = append(c.out.charts, chart)
	err := c.end()
	c.own, c.dash = chart == c.chart, -1
	return err
}

// keep takes the lines of those keys of an entry that are read, and leaves out the others, which are most of it.
func (c *cutter) keep(text []byte, column int) {
	if column == c.key && !bytes.HasPrefix(text, []byte("- ")) {
		key, _, _ := bytes.Cut(text, []byte(":"))
		c.wanted = slices.Contains([]string{"version", "urls", "digest"}, string(key))
	}
	if c.wanted && len(c.item) <= maxEntry {
		c.item = append(append(append(c.item, bytes.Repeat([]byte(" "), column)...), text...), '\n')
	}
}

// end parses the entry that ended.
func (c *cutter) end() error {
	if !c.open {
		return nil
	}
	var e entry
	if len(c.item) > maxEntry || yaml.Unmarshal(c.item, &e) != nil {
		return errLayout
	}
	if c.out.entries = append(c.out.entries, e); len(c.out.entries) > maxVersions {
		return tooMany(c.chart)
	}
	c.item, c.open, c.wanted = c.item[:0], false, false
	return nil
}
