package main

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// templateLabel marks the pods to clone. The API server and the real controllers have made them, so
// that a clone has every default, owner and managed field that a pod has.
const templateLabel = "load/template"

type filled struct {
	Pods      int     `json:"pods"`
	Templates int     `json:"templates"`
	Bytes     int     `json:"bytes"`
	Seconds   float64 `json:"seconds"`
}

// template is one pod to clone, and how often.
type template struct {
	pod   *corev1.Pod
	first int
	count int
}

// fill clones the templates until there are pods pods, and tells their ReplicaSets and Deployments. The
// controller manager must not run meanwhile.
func fill(endpoint string, pods, nodes int, seed uint64) (any, error) {
	since := time.Now()
	opened, err := open(endpoint)
	if err != nil {
		return nil, err
	}
	defer opened.close()
	there, err := opened.pods(0)
	if err != nil {
		return nil, err
	}
	templates := share(there, pods, seed)
	if len(templates) == 0 {
		return nil, fmt.Errorf("no pod has the label %q", templateLabel)
	}
	if pods < len(there) {
		return nil, fmt.Errorf("%d pods are there already, %d are asked for", len(there), pods)
	}
	written := make([]int, writers)
	err = inLanes(writers, func(lane int) error {
		for _, one := range templates {
			for index := lane; index < one.count; index += writers {
				pod := clone(one.pod, seed, one.first+index, nodes)
				value, err := opened.encode(pod, podKind)
				if err != nil {
					return err
				}
				written[lane] += len(value)
				if err := opened.put(lane, podPrefix+pod.Namespace+"/"+pod.Name, value); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if err := opened.scale(templates); err != nil {
		return nil, err
	}
	bytes := 0
	for _, lane := range written {
		bytes += lane
	}
	return filled{pods, len(templates), bytes, time.Since(since).Seconds()}, nil
}

// share deals the missing pods out: a few workloads are large, most are small, as in real clusters.
func share(there map[string]*corev1.Pod, pods int, seed uint64) []template {
	var templates []template
	for _, pod := range there {
		if pod.Labels[templateLabel] != "" {
			templates = append(templates, template{pod: pod})
		}
	}
	slices.SortFunc(templates, func(a, b template) int {
		return strings.Compare(a.pod.Labels[templateLabel], b.pod.Labels[templateLabel])
	})
	random := rand.New(rand.NewPCG(seed, 1))
	weights := make([]float64, len(templates))
	sum := 0.0
	for index := range weights {
		weights[index] = 1 / (0.1 + random.Float64())
		sum += weights[index]
	}
	missing, first := pods-len(there), 0
	for index := range templates {
		one := &templates[index]
		one.first = first
		one.count = int(float64(missing) * weights[index] / sum)
		if index == len(templates)-1 {
			one.count = missing - first
		}
		first += one.count
	}
	return templates
}

// suffixAlphabet is what Kubernetes makes random names of.
const suffixAlphabet = "bcdfghjklmnpqrstvwxz2456789"

// clone makes the index-th pod of the seed: another name, identity, address, node and age.
func clone(of *corev1.Pod, seed uint64, index, nodes int) *corev1.Pod {
	pod := of.DeepCopy()
	digest := identity(seed, index)
	suffix := make([]byte, 5)
	for place := range suffix {
		suffix[place] = suffixAlphabet[int(digest[16+place])%len(suffixAlphabet)]
	}
	// Five random letters collide among 50,000; with the index in four of them they do not.
	number := index
	for place := 4; place > 0; place-- {
		suffix[place] = suffixAlphabet[number%len(suffixAlphabet)]
		number /= len(suffixAlphabet)
	}
	pod.Name = pod.GenerateName + string(suffix)
	pod.UID = types.UID(uuid(digest))
	pod.ResourceVersion = ""
	age := time.Duration(binary.BigEndian.Uint32(digest[21:25])%(30*24*3600)) * time.Second
	pod.CreationTimestamp = metav1.NewTime(pod.CreationTimestamp.Add(-age))
	pod.Spec.NodeName = fmt.Sprintf("node-%d", index%nodes)
	if pod.Status.PodIP != "" {
		pod.Status.PodIP = fmt.Sprintf("10.%d.%d.%d", 64+index>>16, index>>8&255, index&255)
		pod.Status.PodIPs = []corev1.PodIP{{IP: pod.Status.PodIP}}
	}
	pod.Status.StartTime = &pod.CreationTimestamp
	return pod
}

func identity(seed uint64, index int) [32]byte {
	var bytes [16]byte
	binary.BigEndian.PutUint64(bytes[:8], seed)
	binary.BigEndian.PutUint64(bytes[8:], uint64(index))
	return sha256.Sum256(bytes[:])
}

func uuid(digest [32]byte) string {
	digest[6] = digest[6]&0x0f | 0x40
	digest[8] = digest[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", digest[0:4], digest[4:6], digest[6:8], digest[8:10], digest[10:16])
}

// scale makes the owners say what there is now.
func (s *store) scale(templates []template) error {
	more := map[string]int32{}
	for _, one := range templates {
		for _, owner := range one.pod.OwnerReferences {
			more[one.pod.Namespace+"/"+owner.Name] = int32(one.count)
		}
	}
	deployments := map[string]int32{}
	err := s.each(replicaSetPrefix, 0, func(key string, value []byte) error {
		set := &appsv1.ReplicaSet{}
		if err := s.decode(value, set); err != nil {
			return err
		}
		extra := more[set.Namespace+"/"+set.Name]
		if extra == 0 || set.Spec.Replicas == nil {
			return nil
		}
		for _, owner := range set.OwnerReferences {
			deployments[set.Namespace+"/"+owner.Name] = extra
		}
		healthy := set.Status.ReadyReplicas > 0
		*set.Spec.Replicas += extra
		set.Status.Replicas += extra
		set.Status.FullyLabeledReplicas += extra
		if healthy {
			set.Status.ReadyReplicas += extra
			set.Status.AvailableReplicas += extra
		}
		fresh, err := s.encode(set, replicaSetKind)
		if err != nil {
			return err
		}
		return s.put(0, key, fresh)
	})
	if err != nil {
		return err
	}
	return s.each(deploymentPrefix, 0, func(key string, value []byte) error {
		deployment := &appsv1.Deployment{}
		if err := s.decode(value, deployment); err != nil {
			return err
		}
		extra := deployments[deployment.Namespace+"/"+deployment.Name]
		if extra == 0 || deployment.Spec.Replicas == nil {
			return nil
		}
		healthy := deployment.Status.ReadyReplicas > 0
		*deployment.Spec.Replicas += extra
		deployment.Status.Replicas += extra
		deployment.Status.UpdatedReplicas += extra
		if healthy {
			deployment.Status.ReadyReplicas += extra
			deployment.Status.AvailableReplicas += extra
		} else {
			deployment.Status.UnavailableReplicas += extra
		}
		fresh, err := s.encode(deployment, deploymentKind)
		if err != nil {
			return err
		}
		return s.put(0, key, fresh)
	})
}
