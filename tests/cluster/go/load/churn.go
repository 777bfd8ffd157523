package main

import (
	"fmt"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// changeLabel carries the number of the change that touched a pod last.
const changeLabel = "load/change"

type churned struct {
	Events  int     `json:"events"`
	Seconds float64 `json:"seconds"`
}

// churn changes the first pods pods, event after event: the n-th gives a pod the restart count and the label n.
// Every replace-th pod change is a deletion followed by a namesake with an identity of its own, two events.
func churn(endpoint string, events int, rate float64, pods, replace int, seed uint64) (any, error) {
	opened, err := open(endpoint)
	if err != nil {
		return nil, err
	}
	defer opened.close()
	there, err := opened.pods(pods)
	if err != nil {
		return nil, err
	}
	if len(there) == 0 {
		return nil, fmt.Errorf("there are no pods to change")
	}
	keys := make([]string, 0, len(there))
	for key := range there {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	lanes := min(writers, len(keys))
	var next atomic.Int64
	since := time.Now()
	err = inLanes(lanes, func(lane int) error {
		// A pod belongs to one lane, or its changes would overtake each other.
		mine := keys[lane*len(keys)/lanes : (lane+1)*len(keys)/lanes]
		for turn := 0; ; turn++ {
			number := int(next.Add(1))
			if number > events {
				return nil
			}
			if rate > 0 {
				due := since.Add(time.Duration(float64(number) / rate * float64(time.Second)))
				time.Sleep(time.Until(due))
			}
			key := mine[turn%len(mine)]
			pod := there[key]
			if replace > 0 && number%replace == 0 && int(next.Add(1)) <= events {
				if err := opened.delete(lane, key); err != nil {
					return err
				}
				pod.UID = types.UID(uuid(identity(^seed, number)))
				pod.CreationTimestamp = metav1.Now()
			}
			change(pod, number)
			value, err := opened.encode(pod, podKind)
			if err != nil {
				return err
			}
			if err := opened.put(lane, key, value); err != nil {
				return err
			}
		}
	})
	return churned{events, time.Since(since).Seconds()}, err
}

func change(pod *corev1.Pod, number int) {
	if pod.Labels == nil {
		pod.Labels = map[string]string{}
	}
	pod.Labels[changeLabel] = strconv.Itoa(number)
	for index := range pod.Status.ContainerStatuses {
		status := &pod.Status.ContainerStatuses[index]
		status.RestartCount = 0
		if index == 0 {
			status.RestartCount = int32(number)
		}
		status.Ready = number%2 == 0
	}
}
