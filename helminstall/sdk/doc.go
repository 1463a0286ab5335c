// Package sdk is the wall around Helm's SDK: its sequential round trips are taken out here, and nothing else of this program builds
// on its inside. It does what it is told, and decides nothing about a release.
package sdk
