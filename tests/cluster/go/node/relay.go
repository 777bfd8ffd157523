package main

import (
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
)

// relay accepts on one address and copies bytes to and from the other. The address it really got
// is printed as one line, so that a caller may ask for port 0.
func relay(from, to string) error {
	listenNetwork, listenAddress, err := split(from)
	if err != nil {
		return err
	}
	dialNetwork, dialAddress, err := split(to)
	if err != nil {
		return err
	}
	listener, err := net.Listen(listenNetwork, listenAddress)
	if err != nil {
		return err
	}
	fmt.Println(listener.Addr())
	for {
		accepted, err := listener.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer accepted.Close()
			dialled, err := net.Dial(dialNetwork, dialAddress)
			if err != nil {
				return
			}
			defer dialled.Close()
			splice(accepted, dialled)
		}()
	}
}

// splice copies both ways and passes a half-close on, which kubectl exec relies on.
func splice(a, b net.Conn) {
	var both sync.WaitGroup
	both.Add(2)
	go func() { defer both.Done(); pour(a, b) }()
	go func() { defer both.Done(); pour(b, a) }()
	both.Wait()
}

func pour(to, from net.Conn) {
	_, err := io.Copy(to, from)
	if half, ok := to.(interface{ CloseWrite() error }); ok && err == nil {
		_ = half.CloseWrite()
		return
	}
	_ = to.Close()
	_ = from.Close()
}

func split(address string) (network, rest string, err error) {
	network, rest, found := strings.Cut(address, ":")
	if !found || rest == "" || (network != "tcp" && network != "unix") {
		return "", "", fmt.Errorf("address %q is neither tcp:HOST:PORT nor unix:PATH", address)
	}
	return network, rest, nil
}
