// Serves the names of real_lists.py: DNS, HTTP and HTTPS on loopback, inside a namespace of their own.
//
//	server CERT KEY BAD_CERT BAD_KEY
//
// GET /KIND/MICROSECONDS/BYTES waits that long, and answers with that many bytes, or as KIND says. On SIGUSR1 it
// prints what it has counted since the last time: connections, TLS sessions resumed, requests, seconds of CPU.
package main

import (
	"bytes"
	"compress/gzip"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

const dnsLatency = 20 * time.Millisecond

var (
	connections, resumed, requests atomic.Int64
	page                           = bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	zipped                         = map[int][]byte{}
)

// answer gives every name an address in 127/8 that depends on it; names that begin with "dead" do not exist.
func answer(query []byte) []byte {
	end := 12
	for query[end] != 0 {
		end += int(query[end]) + 1
	}
	kind := binary.BigEndian.Uint16(query[end+1:])
	question := query[12 : end+5]
	first := string(query[13 : 13+query[12]])
	status, count := byte(0), uint16(0)
	var record []byte
	if strings.HasPrefix(first, "dead") {
		status = 3
	} else if kind == 1 {
		hash := uint32(2166136261)
		for _, letter := range []byte(first) {
			hash = (hash ^ uint32(letter)) * 16777619
		}
		count = 1
		record = []byte{0xc0, 12, 0, 1, 0, 1, 0, 0, 1, 0x2c, 0, 4, 127, byte(hash>>16)%250 + 1, byte(hash >> 8), byte(hash)%250 + 1}
	}
	reply := append([]byte{query[0], query[1], 0x81, 0x80 | status, 0, 1, 0, 0, 0, 0, 0, 0}, question...)
	binary.BigEndian.PutUint16(reply[6:], count)
	return append(reply, record...)
}

func serveDNS() {
	socket, err := net.ListenPacket("udp4", "127.0.0.1:53")
	if err != nil {
		log.Fatal(err)
	}
	for {
		buffer := make([]byte, 1500)
		size, sender, err := socket.ReadFrom(buffer)
		if err != nil {
			return
		}
		reply := answer(buffer[:size])
		time.AfterFunc(dnsLatency, func() { socket.WriteTo(reply, sender) })
	}
}

func handle(writer http.ResponseWriter, request *http.Request) {
	requests.Add(1)
	part := strings.Split(request.URL.Path, "/")
	if len(part) != 4 {
		http.NotFound(writer, request)
		return
	}
	delay, _ := strconv.Atoi(part[2])
	size, _ := strconv.Atoi(part[3])
	size = min(size, len(page))
	if delay > 0 {
		time.Sleep(time.Duration(delay) * time.Microsecond)
	}
	switch part[1] {
	case "redirect":
		writer.Header().Set("Location", "/ok/0/"+part[3])
		writer.WriteHeader(302)
	case "404":
		http.NotFound(writer, request)
	case "503":
		http.Error(writer, "later", 503)
	case "reset":
		if connection, _, err := writer.(http.Hijacker).Hijack(); err == nil {
			if raw, ok := connection.(*net.TCPConn); ok {
				raw.SetLinger(0)
			}
			connection.Close()
		}
	case "silence":
		<-request.Context().Done()
	case "gzip":
		body := zipped[size/4096]
		writer.Header().Set("Content-Encoding", "gzip")
		writer.Header().Set("Content-Length", strconv.Itoa(len(body)))
		writer.Write(body)
	default:
		writer.Header().Set("Content-Length", strconv.Itoa(size))
		writer.Write(page[:size])
	}
}

func load(cert, key string) tls.Certificate {
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		log.Fatal(err)
	}
	return pair
}

func report() {
	var usage syscall.Rusage
	before := 0.0
	wanted := make(chan os.Signal, 1)
	signal.Notify(wanted, syscall.SIGUSR1)
	for range wanted {
		syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
		cpu := float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1e9
		fmt.Printf("{\"connections\": %d, \"resumed\": %d, \"requests\": %d, \"cpu\": %.3f}\n",
			connections.Swap(0), resumed.Swap(0), requests.Swap(0), cpu-before)
		before = cpu
	}
}

func main() {
	for blocks := 0; blocks <= len(page)/4096; blocks++ {
		var packed bytes.Buffer
		writer := gzip.NewWriter(&packed)
		writer.Write(page[:blocks*4096])
		writer.Close()
		zipped[blocks] = packed.Bytes()
	}
	log.SetOutput(new(bytes.Buffer)) // resets and refused certificates are what is asked for
	good, bad := load(os.Args[1], os.Args[2]), load(os.Args[3], os.Args[4])
	config := &tls.Config{GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		if strings.HasPrefix(hello.ServerName, "bad") {
			return &bad, nil
		}
		return &good, nil
	}, VerifyConnection: func(state tls.ConnectionState) error {
		if state.DidResume {
			resumed.Add(1)
		}
		return nil
	}}
	server := &http.Server{Handler: http.HandlerFunc(handle), TLSConfig: config, IdleTimeout: 60 * time.Second,
		ConnState: func(_ net.Conn, state http.ConnState) {
			if state == http.StateNew {
				connections.Add(1)
			}
		}}
	plain, err := net.Listen("tcp4", "0.0.0.0:80")
	if err != nil {
		panic(err)
	}
	secure, err := net.Listen("tcp4", "0.0.0.0:443")
	if err != nil {
		panic(err)
	}
	go serveDNS()
	go report()
	go server.Serve(plain)
	fmt.Println("ready")
	server.ServeTLS(secure, "", "")
}
