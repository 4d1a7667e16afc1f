// Command bench does with the storage drivers of the Go registry what src/worker.ts does with the others: it opens one,
// reads tasks as lines of JSON, and times them.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"
)

type task struct {
	Op       string `json:"op"`
	Path     string `json:"path"`
	Count    int    `json:"count"`
	Size     int64  `json:"size"`
	Parallel int    `json:"parallel"`
	Width    int    `json:"width"`
}

type result struct {
	Ms    float64 `json:"ms"`
	CPUMs float64 `json:"cpuMs"`
	Count int     `json:"count"`
	Bytes int64   `json:"bytes"`
}

var operations = []string{"put", "get", "upload", "download", "list", "walk", "move", "delete", "resume"}

func main() {
	say := json.NewEncoder(os.Stdout).Encode
	fail := func(err error) { _ = say(map[string]string{"error": err.Error()}) }

	config := map[string]string{}
	if err := json.Unmarshal([]byte(os.Args[1]), &config); err != nil {
		fail(err)
		os.Exit(1)
	}
	ctx := context.Background()
	driver, err := open(ctx, config)
	if err != nil {
		fail(err)
		os.Exit(1)
	}
	_ = say(map[string]any{"ready": operations})

	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var t task
		if err := json.Unmarshal(lines.Bytes(), &t); err != nil {
			fail(err)
			continue
		}
		t.defaults()
		content(chunk)
		if t.Op == "put" {
			content(t.Size)
		}
		cpu, started := cpuTime(), time.Now()
		done, err := run(ctx, driver, t)
		if err != nil {
			fail(fmt.Errorf("%s: %w", t.Op, err))
			continue
		}
		done.Ms = time.Since(started).Seconds() * 1e3
		done.CPUMs = (cpuTime() - cpu).Seconds() * 1e3
		_ = say(map[string]any{"result": done})
	}
}

func (t *task) defaults() {
	if t.Count == 0 {
		t.Count = 1
	}
	if t.Parallel == 0 {
		t.Parallel = 1
	}
}

// file is where the file with that number is.
func (t task) file(index int) string {
	if t.Width > 0 {
		return fmt.Sprintf("%s/%d/%d", t.Path, index/t.Width, index%t.Width)
	}
	return fmt.Sprintf("%s/%d", t.Path, index)
}
