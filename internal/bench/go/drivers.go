package main

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	storagedriver "github.com/distribution/distribution/v3/registry/storage/driver"
	_ "github.com/distribution/distribution/v3/registry/storage/driver/azure"
	"github.com/distribution/distribution/v3/registry/storage/driver/factory"
	_ "github.com/distribution/distribution/v3/registry/storage/driver/filesystem"
	_ "github.com/distribution/distribution/v3/registry/storage/driver/gcs"
	_ "github.com/distribution/distribution/v3/registry/storage/driver/s3-aws"
)

// open makes the driver that the configuration names, with the parameters of the registry.
func open(ctx context.Context, config map[string]string) (storagedriver.StorageDriver, error) {
	switch config["backend"] {
	case "fs":
		return factory.Create(ctx, "filesystem", map[string]any{"rootdirectory": config["rootDirectory"]})
	case "s3":
		return factory.Create(ctx, "s3aws", map[string]any{
			"region": config["region"], "regionendpoint": config["endpoint"], "bucket": config["bucket"],
			"accesskey": config["accessKey"], "secretkey": config["secretKey"],
			"secure": false, "forcepathstyle": true, "rootdirectory": config["rootDirectory"],
		})
	case "azure":
		return factory.Create(ctx, "azure", map[string]any{
			"accountname": config["accountName"], "accountkey": config["accountKey"], "container": config["container"],
			"serviceurl": config["endpoint"], "credentials": map[string]any{"type": "shared_key"},
			"rootdirectory": config["rootDirectory"],
		})
	case "gcs":
		return openGCS(ctx, config)
	}
	return nil, fmt.Errorf("no driver for %q", config["backend"])
}

// openGCS lets the driver, which knows Google's hosts only, find a server elsewhere, without credentials.
func openGCS(ctx context.Context, config map[string]string) (storagedriver.StorageDriver, error) {
	target, err := url.Parse(config["endpoint"])
	if err != nil {
		return nil, err
	}
	base := http.DefaultTransport.(*http.Transport).Clone()
	base.MaxIdleConnsPerHost = 100
	http.DefaultTransport = elsewhere{target: target, base: base}
	// Tells the library under the driver to ask for no token and no TLS.
	if err := os.Setenv("STORAGE_EMULATOR_HOST", target.Host); err != nil {
		return nil, err
	}
	key, err := keyFile()
	if err != nil {
		return nil, err
	}
	defer os.Remove(key)
	return factory.Create(ctx, "gcs", map[string]any{
		"bucket": config["bucket"], "keyfile": key, "rootdirectory": config["rootDirectory"],
	})
}

type elsewhere struct {
	target *url.URL
	base   http.RoundTripper
}

func (e elsewhere) RoundTrip(request *http.Request) (*http.Response, error) {
	if strings.HasSuffix(request.URL.Path, "/token-of-the-bench") {
		return &http.Response{
			StatusCode: http.StatusOK, Request: request,
			Header: http.Header{"Content-Type": {"application/json"}},
			Body:   io.NopCloser(strings.NewReader(`{"access_token":"none","token_type":"Bearer","expires_in":86400}`)),
		}, nil
	}
	there := request.Clone(request.Context())
	there.URL.Scheme, there.URL.Host, there.Host = e.target.Scheme, e.target.Host, e.target.Host
	return e.base.RoundTrip(there)
}

// keyFile writes a service account's key, whose tokens nobody checks.
func keyFile() (string, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return "", err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(map[string]string{
		"type": "service_account", "project_id": "bench", "private_key_id": "1", "client_id": "1",
		"private_key":  string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
		"client_email": "bench@bench.iam.gserviceaccount.com",
		"token_uri":    "http://www.googleapis.com/token-of-the-bench", "universe_domain": "googleapis.com",
	})
	if err != nil {
		return "", err
	}
	file, err := os.CreateTemp("", "bench-key-*.json")
	if err != nil {
		return "", err
	}
	_, err = file.Write(text)
	if closed := file.Close(); err == nil {
		err = closed
	}
	return file.Name(), err
}
