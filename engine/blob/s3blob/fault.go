package s3blob

import (
	"context"
	"errors"
	"net/http"

	"github.com/minio/minio-go/v7"

	"showreel/fault"
)

// away marks a storage that may come back by itself: see Outage of engine/flow.
type away struct{ error }

// Outage names what is away.
func (away) Outage() string { return "the S3 storage" }

// Unwrap gives the cause.
func (a away) Unwrap() error { return a.error }

// fault gives an error of S3 its kind. Faults of the source of a put pass through.
func (d *Driver) fault(ctx context.Context, op, key string, err error) error {
	if err == nil {
		return nil
	}
	var known *fault.Error
	if errors.As(err, &known) {
		return fault.E(op, key, "", err)
	}
	if ctx.Err() != nil {
		return fault.E(op, key, fault.Canceled, err)
	}
	say := func(kind fault.Kind, code, text string) error {
		return &fault.Error{Op: op, Subject: key, Kind: kind, Code: code, Text: text, Err: err}
	}
	unreachable := func() error {
		err = away{err}
		return say(fault.Unavailable, "s3-unreachable", "The S3 storage cannot be reached; check its address and the network, and retry.")
	}
	var answer minio.ErrorResponse
	if !errors.As(err, &answer) {
		return unreachable()
	}
	switch {
	case refused(answer):
		return say(fault.Unavailable, "s3-denied", "The S3 storage refuses these credentials; check the key and its policy.")
	case answer.Code == minio.NoSuchBucket:
		return noBucket(op, d.bucket)
	case answer.Code == minio.NoSuchKey, answer.StatusCode == http.StatusNotFound:
		return say(fault.NotFound, "no-blob", "There is no stored file of that name.")
	case answer.Code == isFolder:
		return say(fault.Conflict, "key-is-folder", "Other files are stored below this name, and this S3 storage cannot hold both.")
	case answer.StatusCode == http.StatusPreconditionFailed, answer.StatusCode == http.StatusConflict:
		return say(fault.Conflict, "exists", "It is stored already.")
	case answer.StatusCode == http.StatusInsufficientStorage, answer.Code == "QuotaExceeded", answer.Code == "XMinioStorageFull":
		return say(fault.Full, "disk-full", "The S3 storage is full; free some space or raise its quota and retry.")
	case answer.StatusCode >= 500, answer.StatusCode == http.StatusTooManyRequests:
		err = away{err}
		return say(fault.Unavailable, "s3-unavailable", "The S3 storage is not answering now; retry in a while.")
	case answer.StatusCode == 0:
		return unreachable()
	}
	return fault.E(op, key, fault.Internal, err)
}

// refused goes by the code first: some servers answer 404 to an unknown access key.
func refused(answer minio.ErrorResponse) bool {
	switch answer.Code {
	case "InvalidAccessKeyId", "SignatureDoesNotMatch", "AccessDenied", "XAdminUserNotFound":
		return true
	}
	return answer.StatusCode == http.StatusForbidden || answer.StatusCode == http.StatusUnauthorized
}
