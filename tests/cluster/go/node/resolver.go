package main

import (
	"fmt"
	"net"
)

// resolve answers every DNS question with "no such name", at once. Without it a name nobody knows
// costs the image puller a timeout and reads as a network failure.
func resolve(listen string) error {
	connection, err := net.ListenPacket("udp", listen)
	if err != nil {
		return err
	}
	fmt.Println(connection.LocalAddr())
	message := make([]byte, 1500)
	for {
		length, from, err := connection.ReadFrom(message)
		if err != nil {
			return err
		}
		if answer := noSuchName(message[:length]); answer != nil {
			_, _ = connection.WriteTo(answer, from)
		}
	}
}

// noSuchName turns a query into its own negative answer: header and question stay, nothing follows.
func noSuchName(query []byte) []byte {
	const header = 12
	if len(query) < header || query[2]&0x80 != 0 {
		return nil
	}
	end := header
	for end < len(query) && query[end] != 0 {
		end += int(query[end]) + 1
	}
	end += 5 // the root label, type and class
	if end > len(query) {
		return nil
	}
	answer := append([]byte(nil), query[:end]...)
	answer[2] |= 0x80                                // a response
	answer[3] = 0x80 | 3                             // recursion available, NXDOMAIN
	copy(answer[4:], []byte{0, 1, 0, 0, 0, 0, 0, 0}) // one question, no records
	return answer
}
