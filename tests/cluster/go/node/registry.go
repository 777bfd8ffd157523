package main

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"debug/elf"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
)

const (
	manifestType = "application/vnd.oci.image.manifest.v1+json"
	configType   = "application/vnd.oci.image.config.v1+json"
	layerType    = "application/vnd.oci.image.layer.v1.tar"
)

// registry is the pull half of the OCI distribution protocol, from memory.
type registry struct {
	blobs     map[string][]byte // digest -> layer or config
	manifests map[string][]byte // "name:tag" and "name@digest" -> manifest
}

type descriptor struct {
	MediaType string `json:"mediaType"`
	Digest    string `json:"digest"`
	Size      int    `json:"size"`
}

// serveRegistry offers app:v1 and app:v2 (a web server on 8080 that names its version), busybox:1
// and pause:1. Any name below private/ answers 401, anything else 404.
func serveRegistry(listen, busyboxPath string) error {
	network, address, err := split(listen)
	if err != nil {
		return err
	}
	busybox, err := staticBinary(busyboxPath)
	if err != nil {
		return err
	}
	images := &registry{blobs: map[string][]byte{}, manifests: map[string][]byte{}}
	for _, version := range []string{"v1", "v2"} {
		serve := `trap 'exit 0' TERM; echo "app ` + version + ` listens on 8080"; httpd -f -p 8080 -h /www & wait`
		images.add("app", version, busybox, map[string]string{"www/index.html": "app " + version + "\n"},
			[]string{"sh", "-c", serve})
	}
	images.add("busybox", "1", busybox, nil, []string{"sh"})
	images.add("pause", "1", busybox, nil, []string{"sh", "-c", `trap 'exit 0' TERM; sleep 2147483647 & wait`})
	listener, err := net.Listen(network, address)
	if err != nil {
		return err
	}
	fmt.Println(listener.Addr())
	return http.Serve(listener, images)
}

func (r *registry) add(name, tag string, busybox []byte, files map[string]string, command []string) {
	layer := layerOf(busybox, files)
	config := marshal(map[string]any{
		"architecture": runtime.GOARCH,
		"os":           "linux",
		"config": map[string]any{
			"Env": []string{"PATH=/bin"},
			"Cmd": command,
			// Two images must never share an id: the runtime forgets one when the other is removed.
			"Labels": map[string]string{"org.opencontainers.image.ref.name": name + ":" + tag},
		},
		"rootfs": map[string]any{"type": "layers", "diff_ids": []string{digest(layer)}},
	})
	manifest := marshal(map[string]any{
		"schemaVersion": 2,
		"mediaType":     manifestType,
		"config":        r.store(configType, config),
		"layers":        []descriptor{r.store(layerType, layer)},
	})
	r.manifests[name+":"+tag] = manifest
	r.manifests[name+"@"+digest(manifest)] = manifest
}

func (r *registry) store(mediaType string, content []byte) descriptor {
	r.blobs[digest(content)] = content
	return descriptor{MediaType: mediaType, Digest: digest(content), Size: len(content)}
}

func (r *registry) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	fmt.Println(request.Method, request.URL.Path)
	path := strings.TrimPrefix(request.URL.Path, "/v2/")
	if strings.HasPrefix(path, "private/") {
		w.Header().Set("WWW-Authenticate", `Basic realm="private"`)
		refuse(w, http.StatusUnauthorized, "UNAUTHORIZED", "authentication required")
		return
	}
	if path == "" {
		w.WriteHeader(http.StatusOK)
		return
	}
	if name, reference, found := strings.Cut(path, "/manifests/"); found {
		separator := ":"
		if strings.HasPrefix(reference, "sha256:") {
			separator = "@"
		}
		manifest, known := r.manifests[name+separator+reference]
		if !known {
			refuse(w, http.StatusNotFound, "MANIFEST_UNKNOWN", "manifest unknown")
			return
		}
		answer(w, request, manifestType, manifest)
		return
	}
	if _, reference, found := strings.Cut(path, "/blobs/"); found {
		if blob, known := r.blobs[reference]; known {
			answer(w, request, "application/octet-stream", blob)
			return
		}
	}
	refuse(w, http.StatusNotFound, "NAME_UNKNOWN", "repository name not known to registry")
}

func answer(w http.ResponseWriter, request *http.Request, contentType string, content []byte) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Docker-Content-Digest", digest(content))
	w.Header().Set("Content-Length", fmt.Sprint(len(content)))
	if request.Method != http.MethodHead {
		_, _ = w.Write(content)
	}
}

func refuse(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(marshal(map[string]any{"errors": []map[string]string{{"code": code, "message": message}}}))
}

// layerOf makes the one layer: busybox, a link per applet that tests use, and the given files.
func layerOf(busybox []byte, files map[string]string) []byte {
	var buffer bytes.Buffer
	archive := tar.NewWriter(&buffer)
	must := func(err error) {
		if err != nil {
			panic(err) // a tar in memory fails only when its header is malformed
		}
	}
	for _, directory := range []string{"bin/", "etc/", "tmp/", "var/", "www/"} {
		must(archive.WriteHeader(&tar.Header{Name: directory, Typeflag: tar.TypeDir, Mode: 0o777}))
	}
	write := func(name string, mode int64, content []byte) {
		must(archive.WriteHeader(&tar.Header{Name: name, Mode: mode, Size: int64(len(content))}))
		_, err := archive.Write(content)
		must(err)
	}
	write("bin/busybox", 0o755, busybox)
	for _, applet := range strings.Fields(applets) {
		must(archive.WriteHeader(&tar.Header{Name: "bin/" + applet, Typeflag: tar.TypeSymlink, Linkname: "busybox"}))
	}
	write("etc/passwd", 0o644, []byte("root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n"))
	for name, content := range files {
		write(name, 0o644, []byte(content))
	}
	must(archive.Close())
	return buffer.Bytes()
}

const applets = `ash awk cat chmod cp cut date dd df du echo env expr false find free grep head hostname
httpd id ip kill ln ls mkdir mv nc netstat nslookup od ping printf ps pwd readlink rm sed seq sh sleep sort
stat stty sync tail tar tee test timeout top touch tr true tty uname uniq uptime vi wc wget which whoami xargs yes`

// staticBinary refuses a dynamically linked file: the image holds no loader, so it could not start.
func staticBinary(path string) ([]byte, error) {
	file, err := elf.Open(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read %q as a program: %w", path, err)
	}
	defer file.Close()
	for _, program := range file.Progs {
		if program.Type == elf.PT_INTERP {
			return nil, fmt.Errorf("%q is dynamically linked; install the package busybox-static", path)
		}
	}
	return os.ReadFile(path)
}

func digest(content []byte) string {
	return fmt.Sprintf("sha256:%x", sha256.Sum256(content))
}

func marshal(value any) []byte {
	encoded, err := json.Marshal(value)
	if err != nil {
		panic(err) // only maps, strings and numbers are encoded
	}
	return encoded
}
