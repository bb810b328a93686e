// The least of Go that streams a command's output over HTTP, as naive.mjs is of Node: what a daemon in Go is measured by.
// A session for each command, both outputs in chunks of 64 KiB, back-pressure by the connection; none of the rest.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"sync"
	"syscall"
)

func execute(response http.ResponseWriter, request *http.Request) {
	var asked struct{ Command string }
	if err := json.NewDecoder(request.Body).Decode(&asked); err != nil {
		http.Error(response, err.Error(), http.StatusBadRequest)
		return
	}
	command := exec.CommandContext(request.Context(), "/bin/bash", "-c", asked.Command)
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	stdout, _ := command.StdoutPipe()
	stderr, _ := command.StderrPipe()
	if err := command.Start(); err != nil {
		http.Error(response, err.Error(), http.StatusUnprocessableEntity)
		return
	}
	response.Header().Set("content-type", "text/event-stream")
	var lock sync.Mutex
	send := func(event string, data any) {
		lock.Lock()
		defer lock.Unlock()
		text, _ := json.Marshal(data)
		fmt.Fprintf(response, "event: %s\ndata: %s\n\n", event, text)
		response.(http.Flusher).Flush()
	}
	var readers sync.WaitGroup
	for stream, pipe := range map[string]io.Reader{"Stdout": stdout, "Stderr": stderr} {
		readers.Go(func() {
			chunk := make([]byte, 65536)
			for {
				count, err := pipe.Read(chunk)
				if count > 0 {
					send("OutputEvent", map[string]any{"stream": stream, "data": chunk[:count]})
				}
				if err != nil {
					return
				}
			}
		})
	}
	readers.Wait()
	command.Wait()
	send("CompletedEvent", map[string]any{"exitCode": command.ProcessState.ExitCode()})
}

func main() {
	http.HandleFunc("POST /api/execute", execute)
	http.HandleFunc("GET /healthz", func(response http.ResponseWriter, _ *http.Request) { fmt.Fprint(response, "ok") })
	fmt.Fprintln(os.Stderr, http.ListenAndServe(os.Getenv("EXECUTOR_HOST")+":"+os.Getenv("EXECUTOR_PORT"), nil))
}
