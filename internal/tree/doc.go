// Package tree finds the module's own files, for the commands and tests that read the sources.
//
//	root, err := tree.Root()
//	err = tree.EachGo(root, func(name string) error { … })
//
// Support: standard library only.
package tree
