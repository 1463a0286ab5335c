package words

import (
	"strconv"
	"testing"
)

func TestLists(t *testing.T) {
	t.Parallel()
	var many []string
	for i := range 12 {
		many = append(many, strconv.Itoa(i))
	}
	for want, got := range map[string]string{
		"":                             Few(nil),
		"0, 1, 2":                      Few(many[:3]),
		"0, 1, 2, 3, 4, 5, 6, 7, 8, 9": Few(many[:10]),
		"0, 1, 2, 3, 4, 5, 6, 7, 8, 9, and 2 more": Few(many),
		"0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11":     List{All: true}.Of(many),
		"0; 1":                                     List{}.Joined(many[:2], "; "),
		"1 user":                                   Counted(1, "user"),
		"0 users":                                  Counted(0, "user"),
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
