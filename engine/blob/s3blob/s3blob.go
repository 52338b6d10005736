// Package s3blob keeps blobs in any S3: AWS, versitygw, MinIO, Ceph. It is one driver for all of them, over minio-go. Parts are
// buffered and hashed before they are sent, so that every request can be repeated when the server answers 503 or the
// connection breaks, and nothing becomes visible before its last byte was accepted.
package s3blob

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"showreel/engine/blob"
	"showreel/fault"
)

const (
	partSize   = 8 << 20 // bytes buffered for one part; S3 wants at least 5 MiB
	maxParts   = 9_000   // S3 allows 10,000
	inFlight   = 3       // parts sent at once
	maxRetries = 6       // tries of one request, about 4 s in all
)

// Driver is a prefix in a bucket. It implements blob.Driver, blob.PresignDriver and blob.MultipartDriver.
type Driver struct {
	core    minio.Core
	bucket  string
	prefix  string // "" or ends with a slash
	buffers sync.Pool
}

// Open opens "s3://[key:secret@]bucket[/prefix][?endpoint=https://host:port&region=r&style=path|host]". Without an endpoint it
// is AWS; without a key in the address the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN), the AWS
// credentials file or the machine's role give it. fault.Invalid for a bad address, fault.Unavailable when the bucket
// cannot be reached.
func Open(ctx context.Context, address string) (*Driver, error) {
	d, err := parse(address)
	if err != nil {
		return nil, err
	}
	ok, err := d.core.BucketExists(ctx, d.bucket)
	if err != nil {
		return nil, d.fault(ctx, "s3blob.open", "", err)
	}
	if !ok {
		return nil, noBucket("s3blob.open", d.bucket)
	}
	return d, nil
}

func noBucket(op, bucket string) error {
	return fault.Say(op, bucket, fault.Unavailable, "no-bucket", "The S3 bucket %s does not exist or is not visible with these credentials; create it or correct the address.", bucket)
}

func parse(address string) (*Driver, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "s3" || u.Hostname() == "" || u.Port() != "" {
		return nil, badAddress("write it as s3://bucket/prefix?endpoint=https://host")
	}
	q := u.Query()
	for name := range q {
		if name != "endpoint" && name != "region" && name != "style" {
			return nil, badAddress("it knows the options endpoint, region and style")
		}
	}
	endpoint, err := url.Parse(q.Get("endpoint"))
	if q.Get("endpoint") == "" {
		endpoint = &url.URL{Scheme: "https", Host: "s3.amazonaws.com"}
	}
	if err != nil || endpoint.Host == "" || endpoint.Scheme != "http" && endpoint.Scheme != "https" || strings.Trim(endpoint.Path, "/") != "" {
		return nil, badAddress("the endpoint is http:// or https://, a host and perhaps a port")
	}
	lookup, known := map[string]minio.BucketLookupType{"": minio.BucketLookupAuto, "path": minio.BucketLookupPath, "host": minio.BucketLookupDNS}[q.Get("style")]
	if !known {
		return nil, badAddress("style is path or host")
	}
	client, err := minio.New(endpoint.Host, &minio.Options{
		Creds: credentialsOf(u.User), Secure: endpoint.Scheme == "https", Region: q.Get("region"), BucketLookup: lookup, MaxRetries: maxRetries,
	})
	if err != nil {
		return nil, badAddress("the endpoint is not usable")
	}
	d := &Driver{core: minio.Core{Client: client}, bucket: u.Hostname(), prefix: strings.Trim(u.Path, "/")}
	if d.prefix != "" {
		if err := blob.CheckKey(d.prefix); err != nil {
			return nil, badAddress("the prefix is not a valid key")
		}
		d.prefix += "/"
	}
	d.buffers.New = func() any { b := make([]byte, partSize); return &b }
	return d, nil
}

// badAddress never quotes the address: it may hold a secret.
func badAddress(hint string) error {
	return fault.Say("s3blob.open", "", fault.Invalid, "s3-address", "The S3 address is not usable: %s.", hint)
}

func credentialsOf(user *url.Userinfo) *credentials.Credentials {
	if user != nil {
		secret, _ := user.Password()
		return credentials.NewStaticV4(user.Username(), secret, "")
	}
	return credentials.NewChainCredentials([]credentials.Provider{
		&credentials.EnvAWS{}, &credentials.FileAWSCredentials{},
		&credentials.IAM{Client: &http.Client{Timeout: 5 * time.Second}},
	})
}

// Stat implements blob.Driver.
func (d *Driver) Stat(ctx context.Context, key string) (blob.Info, error) {
	o, err := d.core.StatObject(ctx, d.bucket, d.prefix+key, minio.StatObjectOptions{})
	if err != nil {
		return blob.Info{}, d.fault(ctx, "s3blob.stat", key, err)
	}
	return info(key, o), nil
}

// Delete implements blob.Driver.
func (d *Driver) Delete(ctx context.Context, key string) error {
	err := d.core.RemoveObject(ctx, d.bucket, d.prefix+key, minio.RemoveObjectOptions{})
	if err = d.fault(ctx, "s3blob.delete", key, err); fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

// List implements blob.Driver.
func (d *Driver) List(ctx context.Context, prefix, after string, limit int) ([]blob.Info, error) {
	if after != "" {
		after = d.prefix + after
	}
	var out []blob.Info
	options := minio.ListObjectsOptions{Prefix: d.prefix + prefix, StartAfter: after, Recursive: true, MaxKeys: limit}
	for o := range d.core.ListObjectsIter(ctx, d.bucket, options) {
		if o.Err != nil {
			return nil, d.fault(ctx, "s3blob.list", prefix, o.Err)
		}
		if strings.HasSuffix(o.Key, "/") {
			continue // a folder marker of another program
		}
		out = append(out, info(strings.TrimPrefix(o.Key, d.prefix), o))
		if len(out) == limit {
			break
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, fault.E("s3blob.list", prefix, fault.Canceled, err)
	}
	return out, nil
}

// PresignGet implements blob.PresignDriver.
func (d *Driver) PresignGet(ctx context.Context, key string, ttl time.Duration) (string, error) {
	u, err := d.core.PresignedGetObject(ctx, d.bucket, d.prefix+key, ttl, nil)
	if err != nil {
		return "", d.fault(ctx, "s3blob.presign", key, err)
	}
	return u.String(), nil
}

// PresignPut implements blob.PresignDriver.
func (d *Driver) PresignPut(ctx context.Context, key string, ttl time.Duration) (string, error) {
	u, err := d.core.PresignedPutObject(ctx, d.bucket, d.prefix+key, ttl)
	if err != nil {
		return "", d.fault(ctx, "s3blob.presign", key, err)
	}
	return u.String(), nil
}

// sha256Meta is the user metadata that keeps a blob's SHA-256, where it was known before the bytes were sent.
const sha256Meta = "Sha256"

func info(key string, o minio.ObjectInfo) blob.Info {
	return blob.Info{Key: key, Size: o.Size, SHA256: o.UserMetadata[sha256Meta], ModMS: o.LastModified.UnixMilli(), ETag: o.ETag}
}
