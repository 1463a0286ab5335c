package document

import "testing"

func TestSizeIgnoresWhiteSpace(t *testing.T) {
	if n := Characters("{ \"a\":\n\t\"é\" }"); n != 9 {
		t.Errorf("got %d", n)
	}
}
