// Package httpd is the HTTP floor every room stands on: one server with typed operations (OpenAPI 3.1 by huma), plain
// byte handlers, problems (RFC 9457), entity tags and preconditions (RFC 9110 §8.8, §13), idempotency keys
// (draft-ietf-httpapi-idempotency-key-header), opaque cursors, a resumable event stream (WHATWG server-sent events),
// rate limits, security headers, cross-origin protection, TLS from certificate files, graceful drain, the console's
// files, and SafeClient for fetching addresses that people give us.
//
// It is not for business rules, sessions or policy: who may do what is asked of the injected Guard, and every route
// must name its access rule when it is registered.
package httpd
