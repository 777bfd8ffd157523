package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer/protobuf"
)

// Where the API server keeps them.
const (
	podPrefix        = "/registry/pods/"
	replicaSetPrefix = "/registry/replicasets/"
	deploymentPrefix = "/registry/deployments/"
)

// writers is how many connections' worth of puts are on their way at once; etcd gathers them into batches.
const writers = 64

// store is etcd, seen as the API server sees it.
type store struct {
	clients []*clientv3.Client
	codec   *protobuf.Serializer
}

func open(endpoint string) (*store, error) {
	scheme := runtime.NewScheme()
	if err := errors.Join(corev1.AddToScheme(scheme), appsv1.AddToScheme(scheme)); err != nil {
		return nil, err
	}
	opened := &store{codec: protobuf.NewSerializer(scheme, scheme)}
	for range 4 {
		client, err := clientv3.New(clientv3.Config{
			Endpoints:          []string{endpoint},
			DialTimeout:        10 * time.Second,
			MaxCallRecvMsgSize: 1 << 30,
		})
		if err != nil {
			return nil, err
		}
		opened.clients = append(opened.clients, client)
	}
	return opened, nil
}

func (s *store) close() {
	for _, client := range s.clients {
		_ = client.Close()
	}
}

// pods reads at most limit pods (0: all) with their keys.
func (s *store) pods(limit int) (map[string]*corev1.Pod, error) {
	found := map[string]*corev1.Pod{}
	err := s.each(podPrefix, limit, func(key string, value []byte) error {
		pod := &corev1.Pod{}
		found[key] = pod
		return s.decode(value, pod)
	})
	return found, err
}

// each reads what lies under prefix in the order of the keys, in pages, all of one revision.
func (s *store) each(prefix string, limit int, take func(key string, value []byte) error) error {
	const page = 500
	from, end, revision, seen := prefix, clientv3.GetPrefixRangeEnd(prefix), int64(0), 0
	for {
		options := []clientv3.OpOption{clientv3.WithRange(end), clientv3.WithLimit(page), clientv3.WithRev(revision)}
		answer, err := s.clients[0].Get(context.Background(), from, options...)
		if err != nil {
			return fmt.Errorf("read %q: %w", prefix, err)
		}
		revision = answer.Header.Revision
		for _, pair := range answer.Kvs {
			if err := take(string(pair.Key), pair.Value); err != nil {
				return fmt.Errorf("%s: %w", pair.Key, err)
			}
			if seen++; seen == limit {
				return nil
			}
			from = string(pair.Key) + "\x00"
		}
		if !answer.More {
			return nil
		}
	}
}

func (s *store) decode(value []byte, into runtime.Object) error {
	_, _, err := s.codec.Decode(value, nil, into)
	return err
}

// encode gives the stored form; the serializer wants to be told the type.
func (s *store) encode(object runtime.Object, kind schema.GroupVersionKind) ([]byte, error) {
	object.GetObjectKind().SetGroupVersionKind(kind)
	return runtime.Encode(s.codec, object)
}

func (s *store) put(lane int, key string, value []byte) error {
	_, err := s.clients[lane%len(s.clients)].Put(context.Background(), key, string(value))
	return err
}

func (s *store) delete(lane int, key string) error {
	_, err := s.clients[lane%len(s.clients)].Delete(context.Background(), key)
	return err
}

// inLanes runs work in every lane at once and answers with the first failure.
func inLanes(lanes int, work func(lane int) error) error {
	failures := make([]error, lanes)
	var all sync.WaitGroup
	for lane := range lanes {
		all.Go(func() { failures[lane] = work(lane) })
	}
	all.Wait()
	return errors.Join(failures...)
}

var (
	podKind        = corev1.SchemeGroupVersion.WithKind("Pod")
	replicaSetKind = appsv1.SchemeGroupVersion.WithKind("ReplicaSet")
	deploymentKind = appsv1.SchemeGroupVersion.WithKind("Deployment")
)
