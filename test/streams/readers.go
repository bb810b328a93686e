// Reads lines of JSON by Go's bufio.Scanner with its own limits: readers.go URL KEY COMMAND. Prints the output that arrived, as JSON.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"log"
	"net/http"
	"os"
	"strings"
)

func main() {
	log.SetFlags(0)
	body, err := json.Marshal(map[string]string{"command": os.Args[3]})
	if err != nil {
		log.Fatal(err)
	}
	request, err := http.NewRequest("POST", os.Args[1], bytes.NewReader(body))
	if err != nil {
		log.Fatal(err)
	}
	request.Header.Set("X-Api-Key", os.Args[2])
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "application/x-ndjson")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	var output strings.Builder
	last := ""
	scanner := bufio.NewScanner(response.Body)
	for scanner.Scan() {
		if len(scanner.Bytes()) == 0 {
			continue
		}
		var line struct {
			Event string
			Data  struct{ Data string }
		}
		if err := json.Unmarshal(scanner.Bytes(), &line); err != nil {
			log.Fatal(err)
		}
		last = line.Event
		output.WriteString(line.Data.Data)
	}
	if err := scanner.Err(); err != nil {
		log.Fatal(err)
	}
	if last != "CompletedEvent" {
		log.Fatalf("the stream ended with %q", last)
	}
	if err := json.NewEncoder(os.Stdout).Encode(output.String()); err != nil {
		log.Fatal(err)
	}
}
