// Command load is what a bench needs beside a cluster: it fills the store with pods, changes them at
// a rate, and is the peer built on client-go. Fill and churn write straight into etcd, in the form
// in which the API server stores objects, because the API server itself takes 10 ms for each pod.
// It knows nothing of KubeGraf.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
)

const usage = `usage:
  load fill ETCD --pods N [--nodes N] [--seed N]   clone the template pods (label load/template) to N pods
  load churn ETCD --events N [--rate N] [--pods N] [--replace N] [--seed N]
                                                   change pods, N events in a second (0: as fast as it goes)
  load informer KUBECONFIG [--encoding protobuf|json] [--list]
                                                   read all pods through an informer, say when and at what cost
Each prints one JSON object when it is done.`

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) < 2 {
		return errors.New(usage)
	}
	verb, target := args[0], args[1]
	flags := flag.NewFlagSet(verb, flag.ContinueOnError)
	pods := flags.Int("pods", 0, "pods to have, or to change")
	nodes := flags.Int("nodes", 1, "nodes to spread them over")
	seed := flags.Uint64("seed", 1, "what randomness starts from")
	events := flags.Int("events", 0, "changes to make")
	rate := flags.Float64("rate", 0, "changes in a second; 0 for no limit")
	replace := flags.Int("replace", 0, "every n-th change deletes a pod and creates its namesake; 0 for never")
	encoding := flags.String("encoding", "protobuf", "protobuf or json")
	list := flags.Bool("list", false, "list and watch instead of a streaming list")
	if err := flags.Parse(args[2:]); err != nil {
		return err
	}
	var report any
	var err error
	switch verb {
	case "fill":
		report, err = fill(target, *pods, *nodes, *seed)
	case "churn":
		report, err = churn(target, *events, *rate, *pods, *replace, *seed)
	case "informer":
		report, err = inform(target, *encoding, *list)
	default:
		return fmt.Errorf("unknown verb %q\n%s", verb, usage)
	}
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(report)
}
