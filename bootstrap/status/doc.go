// Package status tells what stands where, and what is not as the settings say. It writes nothing.
package status
