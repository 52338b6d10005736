package library_test

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"

	"showreel/media"
	"showreel/platform/httpd"
	"showreel/platform/sqldb/sqldbtest"
	"showreel/product/library"
	"showreel/trust/access"
)

// served is a library behind HTTP with an API key for each role.
type served struct {
	*world
	srv  *httpd.Server
	keys map[string]string
}

func serve(t *testing.T) *served {
	t.Helper()
	s := &served{world: newWorld(t, sqldbtest.SQLite(t, schemas()...)), keys: map[string]string{}}
	s.srv = httpd.New(httpd.Config{Guard: s.access, Principal: access.Principal})
	s.Routes(s.srv)
	for _, role := range []string{access.RoleAdmin, access.RoleEditor, access.RoleViewer} {
		_, secret, err := s.access.CreateKey(system(t), access.NewKey{Name: role, Roles: []string{role}})
		must(t, err)
		s.keys[role] = secret
	}
	_, err := s.access.CreateTenant(system(t), "other", "Other")
	must(t, err)
	_, secret, err := s.access.CreateKey(access.With(t.Context(), access.System("other")), access.NewKey{Name: "spy", Roles: []string{access.RoleAdmin}})
	must(t, err)
	s.keys["other"] = secret
	return s
}

// scenario is one request and what must come back. {a}, {b}, {c} and {n} in path and body are ids.
type scenario struct {
	name, as, method, path, body string
	match                        string // If-Match
	status                       int
	has, hasNot                  []string
}

func (s *served) run(t *testing.T, ids *strings.Replacer, c scenario) string {
	t.Helper()
	r := httptest.NewRequest(c.method, ids.Replace(c.path), strings.NewReader(ids.Replace(c.body)))
	if c.body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if c.as == "" {
		c.as = access.RoleEditor
	}
	if c.as != "nobody" {
		r.Header.Set("Authorization", "Bearer "+s.keys[c.as])
	}
	if c.match != "" {
		r.Header.Set("If-Match", c.match)
	}
	rec := httptest.NewRecorder()
	s.srv.ServeHTTP(rec, r)
	body := rec.Body.String()
	if rec.Code != c.status {
		t.Errorf("%s: %d, want %d: %s", c.name, rec.Code, c.status, body)
	}
	for _, want := range c.has {
		if !strings.Contains(body+" etag="+rec.Header().Get("ETag"), ids.Replace(want)) {
			t.Errorf("%s: no %s in %s", c.name, ids.Replace(want), body)
		}
	}
	for _, no := range c.hasNot {
		if strings.Contains(body, ids.Replace(no)) {
			t.Errorf("%s: %s in %s", c.name, no, body)
		}
	}
	return body
}

func (s *served) seed(t *testing.T, ctx context.Context) *strings.Replacer {
	t.Helper()
	a, b := s.add(t, ctx, "Big_Buck_Bunny.mp4", 1), s.add(t, ctx, "مقابلة.mp4", 2)
	must(t, s.SetState(ctx, a.Ref(), library.Ready, nil))
	must(t, s.PutRendition(ctx, a.Ref(), library.Rendition{Name: "v1080-avc", Role: "rung", Key: "main/r/secret-key", Height: 1080, State: library.RenditionReady}))
	must(t, s.PutAnnotations(ctx, a.Ref(), media.TrackShot, "run", []media.Annotation{{Range: media.Range{Start: media.Second, End: 2 * media.Second}, Model: "scdet", Score: 0.7}}))
	must(t, s.Record(ctx, a.Ref(), library.LedgerEntry{Output: "v1080-avc", Inputs: []string{"src"}, Tool: "ffmpeg 5.1"}))
	list, err := s.Annotations(ctx, a.Ref())
	must(t, err)
	c, err := s.CreateCollection(ctx, "Films", "")
	must(t, err)
	return strings.NewReplacer("{a}", a.ID, "{b}", b.ID, "{c}", c.ID, "{n}", list[0].ID)
}

func TestRoutes(t *testing.T) {
	s := serve(t)
	ids := s.seed(t, system(t))
	for _, c := range []scenario{
		{name: "nobody", as: "nobody", method: "GET", path: "/v1/assets", status: 401},
		{name: "list", as: "viewer", method: "GET", path: "/v1/assets", status: 200, has: []string{`"id":"{a}"`, `"id":"{b}"`, "مقابلة", `"tags":[]`}, hasNot: []string{"main/src", "next"}},
		{name: "list by text and kind", method: "GET", path: "/v1/assets?text=buck&kind=video,audio&state=ready&sort=title", status: 200, has: []string{`"id":"{a}"`}, hasNot: []string{"{b}"}},
		{name: "page", method: "GET", path: "/v1/assets?limit=1", status: 200, has: []string{`"next":"`}},
		{name: "list in another order than the cursor's", method: "GET", path: "/v1/assets?cursor=e30", status: 400, has: []string{"/problems/cursor"}},
		{name: "list by nonsense", method: "GET", path: "/v1/assets?sort=odd", status: 400, has: []string{"bad-sort"}},
		{name: "list too many", method: "GET", path: "/v1/assets?limit=501", status: 422},
		{name: "another tenant's list", as: "other", method: "GET", path: "/v1/assets", status: 200, has: []string{`"items":[]`}},
		{name: "one", as: "viewer", method: "GET", path: "/v1/assets/{a}", status: 200, has: []string{`etag="r1"`, `"durationMs":10000`, `"published":1`, `"state":"ready"`}},
		{name: "another tenant's one", as: "other", method: "GET", path: "/v1/assets/{a}", status: 404, has: []string{"asset-not-found"}},
		{name: "none", method: "GET", path: "/v1/assets/nothing", status: 404},
		{name: "change without If-Match", method: "PATCH", path: "/v1/assets/{a}", body: `{"title":"X"}`, status: 428, has: []string{"if-match-required"}},
		{name: "change a stale one", method: "PATCH", path: "/v1/assets/{a}", body: `{"title":"X"}`, match: `"r9"`, status: 412},
		{name: "change as a viewer", as: "viewer", method: "PATCH", path: "/v1/assets/{a}", body: `{"title":"X"}`, match: `"r1"`, status: 403},
		{name: "change an unknown field", method: "PATCH", path: "/v1/assets/{a}", body: `{"sha256":"X"}`, match: `"r1"`, status: 422},
		{name: "change", method: "PATCH", path: "/v1/assets/{a}", body: `{"title":"Bunny","tags":["fun"],"fields":{"shoot":"7"},"territories":["br","DE"],"fromMs":1,"toMs":99}`, match: `"r1"`, status: 200, has: []string{`etag="r2"`, `"title":"Bunny"`, `"territories":["BR","DE"]`, `"shoot":"7"`}},
		{name: "change rights to nonsense", method: "PATCH", path: "/v1/assets/{a}", body: `{"fromMs":100}`, match: "*", status: 400, has: []string{"bad-rights-window"}},
		{name: "tags", method: "GET", path: "/v1/tags", status: 200, has: []string{`{"tag":"fun","assets":1}`}},
		{name: "tags by prefix", method: "GET", path: "/v1/tags?prefix=zz", status: 200, has: []string{`"items":[]`}},
		{name: "versions", as: "viewer", method: "GET", path: "/v1/assets/{a}/versions", status: 200, has: []string{`"number":1`, `"format":"mov,mp4"`}, hasNot: []string{"main/src"}},
		{name: "renditions", as: "viewer", method: "GET", path: "/v1/assets/{a}/renditions", status: 200, has: []string{`"name":"v1080-avc"`}, hasNot: []string{"secret-key"}},
		{name: "renditions of no version", method: "GET", path: "/v1/assets/{a}/renditions?version=7", status: 404, has: []string{"version-not-found"}},
		{name: "ledger", method: "GET", path: "/v1/assets/{a}/ledger", status: 200, has: []string{`"tool":"ffmpeg 5.1"`}},
		{name: "history", as: "viewer", method: "GET", path: "/v1/assets/{a}/history", status: 200, has: []string{`"action":"asset:update"`, `"actorName":"editor"`, `"actorName":"Showreel"`}},
		{name: "history's pages", method: "GET", path: "/v1/assets/{a}/history?limit=1", status: 200, has: []string{`"next":"`}},
		{name: "export", as: "viewer", method: "GET", path: "/v1/assets/{a}/export", status: 200, has: []string{"showreel-asset/1", `"track":"shot"`, "ffmpeg 5.1"}},
		{name: "another tenant's export", as: "other", method: "GET", path: "/v1/assets/{a}/export", status: 404},
		{name: "stats", as: "viewer", method: "GET", path: "/v1/stats", status: 200, has: []string{`"assets":2`, `"video":2`, `"ready":1`}},
	} {
		s.run(t, ids, c)
	}
}

func TestAnnotationRoutes(t *testing.T) {
	s := serve(t)
	ids := s.seed(t, system(t))
	path := "/v1/assets/{a}/annotations"
	for _, c := range []scenario{
		{name: "list", as: "viewer", method: "GET", path: path, status: 200, has: []string{`"startMs":1000`, `"endMs":2000`, `"startFrame":29`, `"timecode":"00:00:00;29"`, `"model":"scdet"`}},
		{name: "other tracks", method: "GET", path: path + "?track=marker,black", status: 200, has: []string{`"items":[]`}},
		{name: "add as a viewer", as: "viewer", method: "POST", path: path, body: `{"startMs":5}`, status: 403},
		{name: "add without a range", method: "POST", path: path, body: `{"text":"x"}`, status: 400, has: []string{"bad-range"}},
		{name: "add backwards", method: "POST", path: path, body: `{"startMs":5,"endMs":1}`, status: 400, has: []string{"bad-range"}},
		{name: "add a point", method: "POST", path: path, body: `{"startMs":500,"text":"שלום"}`, status: 201, has: []string{`"track":"marker"`, `"model":"person"`, `"endMs":500`, "שלום"}},
		{name: "edit", method: "PATCH", path: path + "/{n}", body: `{"label":"door"}`, status: 200, has: []string{`"label":"door"`, `"lockedBy":"`, `"startMs":1000`}},
		{name: "edit none", method: "PATCH", path: path + "/nothing", body: `{"label":"door"}`, status: 404, has: []string{"annotation-not-found"}},
		{name: "edit another tenant's", as: "other", method: "PATCH", path: path + "/{n}", body: `{"label":"door"}`, status: 404},
		{name: "remove", method: "DELETE", path: path + "/{n}", status: 204},
		{name: "removed", method: "GET", path: path + "?track=shot", status: 200, has: []string{`"items":[]`}},
	} {
		s.run(t, ids, c)
	}
}

func TestTrashAndBulkRoutes(t *testing.T) {
	s := serve(t)
	ids := s.seed(t, system(t))
	for _, c := range []scenario{
		{name: "trash as a viewer", as: "viewer", method: "DELETE", path: "/v1/assets/{a}", status: 403},
		{name: "trash", method: "DELETE", path: "/v1/assets/{a}", status: 200, has: []string{`"state":"trashed"`, `"trashedMs":`}},
		{name: "trash again", method: "DELETE", path: "/v1/assets/{a}", status: 200},
		{name: "not listed", method: "GET", path: "/v1/assets", status: 200, hasNot: []string{"{a}"}},
		{name: "listed in the trash", method: "GET", path: "/v1/assets?trash=true", status: 200, has: []string{"{a}"}, hasNot: []string{"{b}"}},
		{name: "listed by state", method: "GET", path: "/v1/assets?state=trashed", status: 200, has: []string{"{a}"}},
		{name: "change in the trash", method: "PATCH", path: "/v1/assets/{a}", body: `{"title":"X"}`, match: "*", status: 409, has: []string{"in-trash"}},
		{name: "restore", method: "POST", path: "/v1/assets/{a}/restore", status: 200, has: []string{`"state":"ready"`}},
		{name: "purge outside the trash", as: "admin", method: "POST", path: "/v1/assets/{a}/purge", status: 409, has: []string{"not-in-trash"}},
		{name: "purge as an editor", method: "POST", path: "/v1/assets/{a}/purge", status: 403},
		{name: "bulk tags", method: "POST", path: "/v1/assets/bulk", body: `{"ids":["{a}","{b}","nothing"],"addTags":["x"]}`, status: 200, has: []string{`"done":["{a}","{b}"]`, `"code":"asset-not-found"`}},
		{name: "bulk patch", method: "POST", path: "/v1/assets/bulk", body: `{"ids":["{a}"],"patch":{"licence":"CC0-1.0","setFields":{"a":"b"}},"collection":"{c}"}`, status: 200, has: []string{`"done":["{a}"]`}},
		{name: "bulk nothing", method: "POST", path: "/v1/assets/bulk", body: `{"ids":["{a}"]}`, status: 400, has: []string{"bad-bulk"}},
		{name: "bulk as a viewer", as: "viewer", method: "POST", path: "/v1/assets/bulk", body: `{"ids":["{a}"],"trash":true}`, status: 403},
		{name: "bulk purge as an editor", method: "POST", path: "/v1/assets/bulk", body: `{"ids":["{a}"],"purge":true}`, status: 200, has: []string{`"done":[]`, "denied-default-deny"}},
		{name: "another tenant's bulk", as: "other", method: "POST", path: "/v1/assets/bulk", body: `{"ids":["{a}"],"trash":true}`, status: 200, has: []string{`"done":[]`, "asset-not-found"}},
		{name: "bulk trash", method: "POST", path: "/v1/assets/bulk", body: `{"ids":["{a}","{b}"],"trash":true}`, status: 200, has: []string{`"failed":[]`}},
		{name: "purge", as: "admin", method: "POST", path: "/v1/assets/{a}/purge", status: 204},
		{name: "purged", as: "admin", method: "GET", path: "/v1/assets/{a}", status: 404},
	} {
		s.run(t, ids, c)
	}
}

func TestCollectionRoutes(t *testing.T) {
	s := serve(t)
	ids := s.seed(t, system(t))
	for _, c := range []scenario{
		{name: "list", as: "viewer", method: "GET", path: "/v1/collections", status: 200, has: []string{`"name":"Films"`, `"assets":0`}},
		{name: "add as a viewer", as: "viewer", method: "POST", path: "/v1/collections", body: `{"name":"X"}`, status: 403},
		{name: "add without a name", method: "POST", path: "/v1/collections", body: `{"name":"  "}`, status: 400, has: []string{"bad-name"}},
		{name: "add one of the name", method: "POST", path: "/v1/collections", body: `{"name":"FILMS"}`, status: 409, has: []string{"name-taken"}},
		{name: "add", method: "POST", path: "/v1/collections", body: `{"name":"Ton","description":"d"}`, status: 201, has: []string{`etag="r1"`}},
		{name: "put in", method: "PUT", path: "/v1/collections/{c}/assets", body: `{"ids":["{a}","{b}"]}`, status: 200, has: []string{`"assets":2`}},
		{name: "put nothing in", method: "PUT", path: "/v1/collections/{c}/assets", body: `{"ids":["none"]}`, status: 404},
		{name: "its assets", as: "viewer", method: "GET", path: "/v1/assets?collection={c}", status: 200, has: []string{"{a}", "{b}"}},
		{name: "take out", method: "DELETE", path: "/v1/collections/{c}/assets", body: `{"ids":["{a}"]}`, status: 200, has: []string{`"assets":1`}},
		{name: "another tenant's", as: "other", method: "PUT", path: "/v1/collections/{c}/assets", body: `{"ids":["{a}"]}`, status: 404},
		{name: "rename a stale one", method: "PATCH", path: "/v1/collections/{c}", body: `{"name":"Movies"}`, match: `"r7"`, status: 412},
		{name: "rename", method: "PATCH", path: "/v1/collections/{c}", body: `{"name":"Movies"}`, status: 200, has: []string{`"name":"Movies"`, `etag="r2"`}},
		{name: "delete", method: "DELETE", path: "/v1/collections/{c}", status: 204},
		{name: "deleted", method: "GET", path: "/v1/collections/{c}", status: 404, has: []string{"collection-not-found"}},
		{name: "its assets stay", method: "GET", path: "/v1/assets/{a}", status: 200},
	} {
		s.run(t, ids, c)
	}
}

// A page's cursor leads through the whole list over HTTP.
func TestPagesOverHTTP(t *testing.T) {
	s := serve(t)
	ids := s.seed(t, system(t))
	seen, cursor := 0, ""
	for range 3 {
		var page httpd.Page[library.Asset]
		body := s.run(t, ids, scenario{name: "page", method: "GET", path: "/v1/assets?limit=1&cursor=" + cursor, status: 200})
		must(t, json.Unmarshal([]byte(body), &page))
		seen += len(page.Items)
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	if seen != 2 {
		t.Errorf("%d assets on all pages, want 2", seen)
	}
}

func TestEveryRouteHasARule(t *testing.T) {
	s := serve(t)
	for _, r := range s.srv.Routes() {
		if strings.HasPrefix(r.Pattern, "/v1/") && (r.Rule == "" || r.Rule == httpd.Public) {
			t.Errorf("%s %s is guarded by %q", r.Method, r.Pattern, r.Rule)
		}
	}
}
