package main

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
)

type informed struct {
	FirstMs  float64 `json:"first_ms"`
	WholeMs  float64 `json:"whole_ms"`
	Objects  int     `json:"objects"`
	SteadyKB int     `json:"steady_kb"`
}

// inform reads every pod into client-go's store and measures from before the first connection.
func inform(kubeconfig, encoding string, list bool) (any, error) {
	since := time.Now()
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, err
	}
	config.UserAgent = "load-informer"
	switch encoding {
	case "protobuf":
		config.AcceptContentTypes = "application/vnd.kubernetes.protobuf,application/json"
		config.ContentType = "application/vnd.kubernetes.protobuf"
	case "json":
	default:
		return nil, fmt.Errorf("encoding %q is neither protobuf nor json", encoding)
	}
	if list && os.Getenv("KUBE_FEATURE_WatchListClient") != "false" {
		return nil, fmt.Errorf("--list wants KUBE_FEATURE_WatchListClient=false in the environment")
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	factory := informers.NewSharedInformerFactoryWithOptions(client, 0, informers.WithNamespace(metav1.NamespaceAll))
	informer := factory.Core().V1().Pods().Informer()
	first := make(chan time.Duration, 1)
	_, err = informer.AddEventHandler(cache.ResourceEventHandlerFuncs{AddFunc: func(any) {
		select {
		case first <- time.Since(since):
		default:
		}
	}})
	if err != nil {
		return nil, err
	}
	limit, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	factory.Start(limit.Done())
	if !cache.WaitForCacheSync(limit.Done(), informer.HasSynced) {
		return nil, fmt.Errorf("not synced within five minutes")
	}
	whole := time.Since(since)
	report := informed{WholeMs: ms(whole), Objects: len(informer.GetStore().ListKeys())}
	if report.Objects > 0 {
		report.FirstMs = ms(<-first)
	}
	// What stays after a collection, the best a Go program can say of itself.
	debug.FreeOSMemory()
	time.Sleep(time.Second)
	debug.FreeOSMemory()
	report.SteadyKB, err = resident()
	return report, err
}

func ms(time time.Duration) float64 {
	return float64(time.Microseconds()) / 1000
}

func resident() (int, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	return strconv.Atoi(strings.Fields(rest)[0])
}
