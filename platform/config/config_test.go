package config_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"showreel/fault"
	"showreel/platform/config"
)

func write(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "showreel.yaml")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func line(t *testing.T, c *config.Config, key string) config.Line {
	t.Helper()
	lines := c.Explain()
	i := slices.IndexFunc(lines, func(l config.Line) bool { return l.Key == key })
	if i < 0 {
		t.Fatalf("no line for %s", key)
	}
	return lines[i]
}

func TestDefaultsDeriveEngines(t *testing.T) {
	data := t.TempDir()
	c, err := config.Read([]string{"--data", data}, nil)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{"db": c.DB, "raw": c.Blob.Raw, "keys": c.Keys, "flow": c.Flow, "kv": c.KV, "listen": c.Listen, "target": c.Target}
	want := map[string]string{
		"db": "sqlite:" + data + "/showreel.db", "raw": "file:" + data + "/blobs/raw", "keys": "file:" + data + "/keys",
		"flow": "sqlite:" + data + "/flow.db", "kv": "sqlite:" + data + "/showreel.db", "listen": "127.0.0.1:8080", "target": "all",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if !c.Rooms.Library || !c.Rooms.Delivery || c.AllowPlainHTTP || c.Pull.AllowPrivate {
		t.Errorf("wrong defaults: %+v", c)
	}
	if c.Models.Dir != data+"/models" || c.Models.Mirror != "" || c.AI.IdleSeconds != 300 {
		t.Errorf("models %+v, ai %+v", c.Models, c.AI)
	}
	if o := line(t, c, "db").Origin; o != "derived" {
		t.Errorf("db's origin is %q", o)
	}
}

func TestLaterSourceWinsAndOriginTells(t *testing.T) {
	file := write(t, "listen: 127.0.0.1:1\nlog:\n  level: warn\n  format: json\nwork:\n  cores: 1.5\n")
	c, err := config.Read([]string{"--config=" + file, "--listen=127.0.0.1:3"},
		[]string{"SHOWREEL_LISTEN=127.0.0.1:2", "SHOWREEL_LOG_LEVEL=error", "PATH=/bin"})
	if err != nil {
		t.Fatal(err)
	}
	if c.Listen != "127.0.0.1:3" || c.Log.Level != "error" || c.Log.Format != "json" || c.Work.Cores != 1.5 {
		t.Errorf("got %q %+v %v", c.Listen, c.Log, c.Work.Cores)
	}
	for key, want := range map[string]string{"listen": "--listen", "log.level": "SHOWREEL_LOG_LEVEL",
		"log.format": file + ":4", "work.cores": file + ":6", "seal": "default"} {
		if got := c.Origin(key); got != want {
			t.Errorf("origin of %s is %q, want %q", key, got, want)
		}
	}
}

func TestSourceOfACommandLine(t *testing.T) {
	file := write(t, "seal: off\nlisten: 127.0.0.1:1\n")
	c, err := config.Source{Env: []string{"SHOWREEL_CONFIG=" + file, "SHOWREEL_LOG_LEVEL=debug"}, Flags: map[string]string{"listen": "127.0.0.1:2", "samples": "/srv/samples"}}.Load()
	if err != nil {
		t.Fatal(err)
	}
	if c.Seal != "off" || c.Listen != "127.0.0.1:2" || c.Log.Level != "debug" || c.Samples != "/srv/samples" || c.Origin("listen") != "--listen" {
		t.Errorf("got %s %s %s %s", c.Seal, c.Listen, c.Log.Level, c.Samples)
	}
	if _, err := (config.Source{Flags: map[string]string{"lisen": "x"}}).Load(); fault.CodeOf(err) != "config" {
		t.Errorf("an unknown flag gave %v", err)
	}
}

func TestFormsOfVariables(t *testing.T) {
	c, err := config.Read(nil, []string{
		"SHOWREEL_PUBLIC_URL=https://media.example.org", "SHOWREEL_TRUSTEDPROXIES=10.0.0.0/8, 192.0.2.1", "SHOWREEL_SAMPLES=/srv/samples",
		"SHOWREEL_WATCH=[{path: /srv/in, template: web}]", "SHOWREEL_TEST_POSTGRES=postgres://x", "SHOWREEL_SERVER=http://localhost:8080",
	})
	if err != nil {
		t.Fatal(err)
	}
	if c.PublicURL != "https://media.example.org" || c.Samples != "/srv/samples" {
		t.Errorf("got %q %q", c.PublicURL, c.Samples)
	}
	if diff := cmp.Diff([]config.Watch{{Path: "/srv/in", Template: "web", Tenant: "main"}}, c.Watch); diff != "" {
		t.Error(diff)
	}
	proxies, err := c.Proxies()
	if err != nil || len(proxies) != 2 || proxies[1].Bits() != 32 {
		t.Errorf("got %v %v", proxies, err)
	}
}

func TestRefusalsSayWhatToDo(t *testing.T) {
	for name, tc := range map[string]struct {
		file string
		args []string
		env  []string
		want []string
	}{
		"near key":        {file: "lisen: a:1", want: []string{":1:", `"lisen"`, "did you mean listen?"}},
		"last part":       {file: "cert: x", want: []string{"did you mean tls.cert?"}},
		"nested":          {file: "tls:\n  cret: x", want: []string{":2:", "did you mean tls.cert?"}},
		"far key":         {file: "zzzzzzzz: 1", want: []string{"docs/configuration.md"}},
		"twice":           {file: "data: a\ndata: b", want: []string{":2:", "set twice", "line 1"}},
		"section as text": {file: "tls: yes", want: []string{"tls is a section"}},
		"not a mapping":   {file: "- a", want: []string{"key: value"}},
		"broken":          {file: "a: [", want: []string{"not valid YAML"}},
		"number":          {file: "work:\n  cores: many", want: []string{"work.cores must be a number"}},
		"negative":        {file: "limits:\n  burst: -1", want: []string{"limits.burst must be at least 1"}},
		"choice":          {file: "seal: maybe", want: []string{"seal must be one of auto, on, off"}},
		"list entry":      {file: "watch: [{path: /a, tmplate: web}]", want: []string{"watch", "entry 1", `"tmplate"`, "template"}},
		"watch part":      {file: "watch: [{path: /a}]", want: []string{"needs a path and a template"}},
		"weak secret":     {file: "notify: {webhooks: [{url: 'https://a.example/', secret: short}]}", want: []string{"at least 16"}},
		"several":         {file: "listen: nowhere\npublicURL: ftp://x", want: []string{"listen (", "publicURL ("}},
		"tls alone":       {file: "tls: {cert: a.pem}", want: []string{"tls.key as well"}},
		"bad db":          {file: "db: mysql://x", want: []string{"db (", "sqlite:, postgres:"}},
		"shared target":   {file: "target: worker", want: []string{"postgres://"}},
		"rooms":           {file: "rooms: {library: false}", want: []string{"rooms.library"}},
		"refuse":          {file: "models: {refuse: [gpl]}", want: []string{"models.refuse", "non-commercial", `"gpl"`}},
		"helper address":  {file: "ai: {url: ['gpu1:7070'], token: 0123456789abcdef}", want: []string{"ai.url", "http://host:7070"}},
		"helper token":    {file: "ai: {url: ['http://gpu1:7070']}", want: []string{"ai.token"}},
		"flag":            {args: []string{"--lsten=x"}, want: []string{"--lsten", "did you mean listen?"}},
		"flag value":      {args: []string{"--listen"}, want: []string{"needs a value"}},
		"argument":        {args: []string{"film.mp4"}, want: []string{"is not a flag"}},
		"variable":        {env: []string{"SHOWREEL_LISTN=x"}, want: []string{"SHOWREEL_LISTN", "SHOWREEL_LISTEN?"}},
		"missing file":    {args: []string{"--config=/nowhere/x.yaml"}, want: []string{"/nowhere/x.yaml", "does not exist"}},
		"alias loop":      {file: "data: &a [*a]", want: []string{"data"}},
		"control":         {file: `listen: "a\nb"`, want: []string{"line breaks"}},
	} {
		t.Run(name, func(t *testing.T) {
			args := tc.args
			if tc.file != "" {
				args = append(args, "--config="+write(t, tc.file))
			}
			_, err := config.Read(args, tc.env)
			if !fault.Is(err, fault.Invalid) || fault.CodeOf(err) != "config" {
				t.Fatalf("got %v, want fault.Invalid with code config", err)
			}
			for _, want := range tc.want {
				if !strings.Contains(fault.TextOf(err), want) {
					t.Errorf("%q does not contain %q", fault.TextOf(err), want)
				}
			}
			for _, goWord := range []string{"reflect", "map[string]", "interface", "koanf", "strconv"} {
				if strings.Contains(fault.TextOf(err), goWord) {
					t.Errorf("%q speaks Go", fault.TextOf(err))
				}
			}
		})
	}
}

func TestExplainHidesSecrets(t *testing.T) {
	c, err := config.Parse("x.yaml", []byte(`
db: postgres://app:hunter2hunter2@db.internal/showreel?sslmode=require&password=hunter2hunter2
blob:
  raw: s3://AKIA:hunter2hunter2@bucket/raw?endpoint=localhost:9000&secret=hunter2hunter2
notify:
  webhooks:
    - {url: "https://hooks.example.org/services/hunter2hunter2", secret: hunter2hunter2hunter2, events: [asset.published]}
`))
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range c.Explain() {
		if strings.Contains(l.Value, "hunter2") || strings.Contains(l.Value, "AKIA") {
			t.Errorf("%s shows its secret: %s", l.Key, l.Value)
		}
	}
	if got := line(t, c, "blob.raw").Value; got != "s3://***@bucket/raw?endpoint=localhost%3A9000&secret=***" {
		t.Errorf("blob.raw reads %s", got)
	}
	if got := line(t, c, "notify.webhooks").Value; got != "[{url: https://hooks.example.org/***, secret: ***, events: [asset.published]}]" {
		t.Errorf("notify.webhooks reads %s", got)
	}
	if c.Flow != c.DB {
		t.Error("flow does not follow a Postgres db")
	}
}

// Taking the first # from every line of the manual gives a file that parses to the defaults.
func TestManualIsAllDefaults(t *testing.T) {
	manual := config.Manual()
	var active strings.Builder
	for l := range strings.Lines(manual) {
		if !strings.HasPrefix(l, "#") {
			t.Fatalf("a line is not commented out: %q", l)
		}
		active.WriteString(strings.TrimPrefix(l, "#"))
	}
	if _, err := config.Parse("manual", []byte(manual)); err != nil {
		t.Fatalf("the manual as it is: %v", err)
	}
	c, err := config.Parse("manual", []byte(active.String()))
	if err != nil {
		t.Fatalf("the manual uncommented: %v", err)
	}
	plain, err := config.Parse("empty", nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, l := range c.Explain() {
		if l.Value != plain.Explain()[i].Value {
			t.Errorf("%s is %q in the manual and %q by default", l.Key, l.Value, plain.Explain()[i].Value)
		}
		if !strings.HasPrefix(l.Origin, "manual:") && l.Origin != "derived" {
			t.Errorf("the manual does not set %s (%s)", l.Key, l.Origin)
		}
		if l.Doc == "" {
			t.Errorf("%s has no meaning written down", l.Key)
		}
		if !strings.Contains(config.Markdown(), "| `"+l.Key+"` |") {
			t.Errorf("the table lacks %s", l.Key)
		}
	}
	if len(config.Flags()) != len(c.Explain())+1 {
		t.Error("not every key is a flag")
	}
}

func TestEveryKeyHasItsOwnVariable(t *testing.T) {
	seen := map[string]string{}
	for _, f := range config.Flags() {
		name := strings.ReplaceAll(config.EnvName(f.Name), "_", "")
		if other, again := seen[name]; again {
			t.Errorf("%s and %s share a variable", other, f.Name)
		}
		seen[name] = f.Name
	}
}

// A slip of one character in a key of some length is always found.
func TestNearestFindsOneSlip(t *testing.T) {
	var keys []string
	for _, f := range config.Flags() {
		if len(f.Name) > 6 {
			keys = append(keys, f.Name)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.SampledFrom(keys).Draw(t, "key")
		at := rapid.IntRange(0, len(key)-1).Draw(t, "at")
		slip := key[:at] + key[at+1:]
		_, err := config.Read([]string{"--" + slip + "=1"}, nil)
		if err != nil && strings.Contains(fault.TextOf(err), "There is no flag") && !strings.Contains(fault.TextOf(err), "did you mean") {
			t.Fatalf("%s: %s", slip, fault.TextOf(err))
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(config.Manual()))
	f.Add([]byte("listen: 127.0.0.1:80\ntls: {cert: a, key: b}\nwatch: [{path: /a, template: web}]"))
	f.Add([]byte("data: &a [*a]\n<<: *a"))
	f.Add([]byte("notify:\n  webhooks:\n  - url: https://u:topsecret@h/\n    secret: topsecrettopsecret"))
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := config.Parse("fuzz.yaml", text)
		if err != nil {
			if fault.CodeOf(err) != "config" || fault.TextOf(err) == "" {
				t.Fatalf("not a refusal in words: %v", err)
			}
			return
		}
		for _, l := range c.Explain() {
			if l.Origin == "" {
				t.Fatalf("%s has no origin", l.Key)
			}
			for _, h := range c.Notify.Webhooks {
				if l.Key == "notify.webhooks" && strings.Contains(l.Value, "secret: "+h.Secret) && h.Secret != "***" {
					t.Fatalf("a secret shows: %s", l.Value)
				}
			}
		}
	})
}
