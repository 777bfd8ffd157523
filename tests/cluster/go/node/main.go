// Command node is the part of a real test cluster that Kubernetes does not bring: the first
// process of its pid namespace, the way in from the machine, and the image registry.
// It knows nothing of clusters, certificates or ports; all of that arrives as arguments.
package main

import (
	"fmt"
	"os"
)

const usage = `usage:
  node init                          reap orphans until terminated (pid 1 of a namespace)
  node relay LISTEN DIAL             copy bytes; an address is tcp:HOST:PORT or unix:PATH
  node registry LISTEN BUSYBOX       serve the test images over plain HTTP
  node resolver HOST:PORT            answer every DNS question with "no such name"`

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "node:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 1 && args[0] == "init":
		return reap()
	case len(args) == 3 && args[0] == "relay":
		return relay(args[1], args[2])
	case len(args) == 3 && args[0] == "registry":
		return serveRegistry(args[1], args[2])
	case len(args) == 2 && args[0] == "resolver":
		return resolve(args[1])
	}
	return fmt.Errorf("unknown arguments %q\n%s", args, usage)
}
