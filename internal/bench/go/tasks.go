package main

import (
	"context"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	storagedriver "github.com/distribution/distribution/v3/registry/storage/driver"
)

const chunk = 64 * 1024

func run(ctx context.Context, d storagedriver.StorageDriver, t task) (result, error) {
	switch t.Op {
	case "put":
		bytes := content(t.Size)
		err := forEach(t, func(path string) error { return d.PutContent(ctx, path, bytes) })
		return result{Count: t.Count, Bytes: int64(t.Count) * t.Size}, err
	case "get":
		var total atomic.Int64
		err := forEach(t, func(path string) error {
			got, err := d.GetContent(ctx, path)
			total.Add(int64(len(got)))
			return err
		})
		return result{Count: t.Count, Bytes: total.Load()}, err
	case "upload":
		err := session(ctx, d, t.Path, false, t.Size, true)
		return result{Count: 1, Bytes: t.Size}, err
	case "resume":
		if err := session(ctx, d, t.Path, false, t.Size/2, false); err != nil {
			return result{}, err
		}
		err := session(ctx, d, t.Path, true, t.Size-t.Size/2, true)
		return result{Count: 1, Bytes: t.Size}, err
	case "download":
		body, err := d.Reader(ctx, t.Path, 0)
		if err != nil {
			return result{}, err
		}
		defer body.Close()
		bytes, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{body}, make([]byte, chunk))
		return result{Count: 1, Bytes: bytes}, err
	case "list":
		names, err := d.List(ctx, t.Path)
		return result{Count: len(names)}, err
	case "walk":
		count := 0
		err := d.Walk(ctx, t.Path, func(storagedriver.FileInfo) error {
			count++
			return nil
		})
		return result{Count: count}, err
	case "move":
		err := forEach(t, func(path string) error { return d.Move(ctx, path, path+"-moved") })
		return result{Count: t.Count}, err
	case "delete":
		return result{Count: t.Count}, d.Delete(ctx, t.Path)
	}
	return result{}, fmt.Errorf("unknown operation %s", t.Op)
}

// session writes through one writer and commits or only closes it.
func session(ctx context.Context, d storagedriver.StorageDriver, path string, again bool, size int64, commit bool) error {
	w, err := d.Writer(ctx, path, again)
	if err != nil {
		return err
	}
	bytes := content(chunk)
	for left := size; left > 0; left -= chunk {
		if _, err := w.Write(bytes[:min(left, chunk)]); err != nil {
			_ = w.Close()
			return err
		}
	}
	if commit {
		if err := w.Commit(ctx); err != nil {
			_ = w.Close()
			return err
		}
	}
	return w.Close()
}

// forEach calls the function for each file of the task, as many at a time as it says.
func forEach(t task, call func(path string) error) error {
	var next atomic.Int64
	var wait sync.WaitGroup
	errs := make(chan error, t.Parallel)
	for range t.Parallel {
		wait.Go(func() {
			for {
				index := int(next.Add(1)) - 1
				if index >= t.Count {
					return
				}
				if err := call(t.file(index)); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	wait.Wait()
	close(errs)
	return <-errs
}

var made = map[int64][]byte{}

// content is what does not compress, made once for each size.
func content(size int64) []byte {
	if bytes, ok := made[size]; ok {
		return bytes
	}
	bytes, state := make([]byte, size), uint32(0x9e3779b9)
	for index := range bytes {
		state ^= state << 13
		state ^= state >> 17
		state ^= state << 5
		bytes[index] = byte(state)
	}
	made[size] = bytes
	return bytes
}

func cpuTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
