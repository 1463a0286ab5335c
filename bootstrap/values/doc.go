// Package values prints the values of the gen3 chart for what up makes. It knows no step that writes.
package values
