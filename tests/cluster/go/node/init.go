//go:build linux

package main

import (
	"os"
	"os/signal"
	"syscall"
)

// reap waits for orphaned children, as pid 1 must: container shims outlive whoever started them.
// It ends at the first SIGTERM or SIGINT; the kernel then ends all that is left in the namespace.
func reap() error {
	signals := make(chan os.Signal, 64)
	signal.Notify(signals, syscall.SIGCHLD, syscall.SIGTERM, syscall.SIGINT)
	for sig := range signals {
		if sig != syscall.SIGCHLD {
			return nil
		}
		for {
			pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil)
			if pid <= 0 || err != nil {
				break
			}
		}
	}
	return nil
}
