// Package config reads Showreel's configuration: default, then file, then environment, then flag, each overriding the one
// before, and it can tell where every value came from. The struct below is the only list of keys: the commented
// showreel.yaml, docs/configuration.md and the flags are generated from it. It is not for settings that people change
// while the product runs; those live in the library's tables.
package config

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/v2"

	"showreel/fault"
)

// Config is everything that can be set. Load fills every field; empty engine addresses are derived from Data.
type Config struct {
	Data           string    `key:"data" default:"./data" doc:"Directory of databases, blobs, keys and temporary files."`
	Listen         string    `key:"listen" default:"127.0.0.1:8080" doc:"Address and port to serve on. Plain HTTP is served on loopback only; see allowPlainHTTP."`
	PublicURL      string    `key:"publicURL" doc:"How browsers reach this server when a proxy stands in front, for example https://media.example.org. Links use it, and its pages may change things here."`
	Target         string    `key:"target" default:"all" oneof:"all,api,worker,edge" doc:"The role of this process: all, or one of api, worker and edge when several machines share Postgres and S3."`
	TLS            TLS       `key:"tls"`
	AllowPlainHTTP bool      `key:"allowPlainHTTP" default:"false" doc:"Serve plain HTTP beyond loopback. Only behind a proxy that speaks HTTPS, or in a network you trust wholly."`
	TrustedProxies []string  `key:"trustedProxies" doc:"Addresses or networks of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed, for example [10.0.0.0/8]."`
	DB             string    `key:"db" doc:"Business database: sqlite:/path/file.db or postgres://user:password@host/name. Empty is a file in the data directory."`
	Blob           Blob      `key:"blob"`
	Seal           string    `key:"seal" default:"auto" oneof:"auto,on,off" doc:"Encrypt blobs before they are stored: on, off, or auto (on for files, off for S3, whose bucket encrypts)."`
	Keys           string    `key:"keys" doc:"Where the master keys live: file:/path. Empty is a directory beside the database, readable by this user only. Back it up apart from the data."`
	Flow           string    `key:"flow" doc:"Workflow database: sqlite:/path/file.db or postgres://…. Empty is a file of its own in the data directory, or the Postgres of db."`
	KV             string    `key:"kv" doc:"Store of small records (sessions, idempotency keys): sqlite:/path/file.db or postgres://…. Empty is the business database."`
	Transcode      Transcode `key:"transcode"`
	Work           Work      `key:"work"`
	Models         Models    `key:"models"`
	AI             AI        `key:"ai"`
	Limits         Limits    `key:"limits"`
	Watch          []Watch   `key:"watch" doc:"Folders whose finished files are taken in, for example [{path: /srv/inbox, template: web}]."`
	Pull           Pull      `key:"pull"`
	Notify         Notify    `key:"notify"`
	Country        string    `key:"country" doc:"The country (ISO 3166-1 alpha-2, such as DE) in which viewers are taken to be. Empty is unknown: films whose territories are limited are refused then."`
	Rooms          Rooms     `key:"rooms"`
	Samples        string    `key:"samples" doc:"Folder with the small sample library, whose files are added once, at the first start; make run fetches it."`
	Log            Log       `key:"log"`

	origins map[string]string
}

// TLS names the certificate files.
type TLS struct {
	Cert string `key:"cert" doc:"PEM file with the certificate chain; with it HTTPS is served. Read again when it changes."`
	Key  string `key:"key" doc:"PEM file with the certificate's private key."`
}

// Blob names the three stores of bytes.
type Blob struct {
	Raw       string `key:"raw" doc:"Store of originals: file:/path or s3://bucket/prefix?endpoint=host:port&region=…. Empty is in the data directory."`
	Processed string `key:"processed" doc:"Store of renditions. Empty is in the data directory."`
	Generated string `key:"generated" doc:"Store of things made by the product. Empty is in the data directory."`
}

// Transcode names the programs.
type Transcode struct {
	FFmpeg  string `key:"ffmpeg" default:"ffmpeg" doc:"The ffmpeg program, a name in PATH or a file."`
	FFprobe string `key:"ffprobe" default:"ffprobe" doc:"The ffprobe program, a name in PATH or a file."`
}

// Work bounds what processing may use of the machine.
type Work struct {
	Cores         float64 `key:"cores" default:"0" min:"0" doc:"Processor cores that jobs may use; 0 is all."`
	MemoryMB      int64   `key:"memoryMB" default:"0" min:"0" doc:"Memory in MB that jobs may use; 0 is three quarters of the machine's."`
	ReserveDiskMB int64   `key:"reserveDiskMB" default:"2048" min:"0" doc:"Disk space in MB that is never filled: jobs wait and uploads are refused below it."`
}

// Models is about the files of the models that listen, look, speak and read.
type Models struct {
	Dir     string   `key:"dir" doc:"Folder of installed models. Empty is in the data directory."`
	Install []string `key:"install" doc:"Models or sets of them (default, optional, all) that are installed in the background when the server starts."`
	Mirror  string   `key:"mirror" doc:"Folder that is searched for models' files before any package is downloaded, for sites without a network; showreel models mirror fills it."`
	Refuse  []string `key:"refuse" doc:"Licences that are not installed: unknown (the terms of the weights are stated nowhere) and non-commercial, for example [non-commercial]."`
}

// AI is about the helper program that runs the models.
type AI struct {
	Program     string   `key:"program" default:"showreel-ai" doc:"The helper program, a name in PATH, a name beside this program, or a file."`
	Native      string   `key:"native" doc:"Folder of the native libraries that the helper program loads. Empty is a folder native beside the program, in the data directory or in this user's cache."`
	URL         []string `key:"url" doc:"Helpers on other machines that are used instead of the program, for example [http://gpu1:7070, http://gpu2:7070]."`
	Token       string   `key:"token" secret:"true" doc:"The token that the helpers of ai.url ask for."`
	MemoryMB    int64    `key:"memoryMB" default:"0" min:"0" doc:"Private memory in MB that one helper process may use; 0 follows the machine."`
	IdleSeconds int64    `key:"idleSeconds" default:"300" min:"0" doc:"A helper that nobody has asked for so long is ended and its memory freed, in seconds; 0 is never."`
	Workers     int64    `key:"workers" default:"0" min:"0" doc:"Instances of a model that answer in parallel, one thread each; 0 follows work.cores."`
}

// Limits bound what callers may send.
type Limits struct {
	UploadBytes             int64   `key:"uploadBytes" default:"1099511627776" min:"1" doc:"Largest file that can be taken in, in bytes."`
	BodyBytes               int64   `key:"bodyBytes" default:"1048576" min:"1024" doc:"Largest body of an API request other than an upload, in bytes."`
	RequestsPerSecond       float64 `key:"requestsPerSecond" default:"100" min:"0.1" doc:"API requests per second of one person or API key, on average."`
	Burst                   int     `key:"burst" default:"400" min:"1" doc:"API requests at once of one person or API key."`
	TenantRequestsPerSecond float64 `key:"tenantRequestsPerSecond" default:"1000" min:"0.1" doc:"API requests per second of one tenant, on average; four seconds' worth may come at once."`
	PublicRequestsPerSecond float64 `key:"publicRequestsPerSecond" default:"20" min:"0.1" doc:"API requests per second of one address that is not signed in; three seconds' worth may come at once."`
	RequestsPerDay          int64   `key:"requestsPerDay" default:"0" min:"0" doc:"Quota of API requests per UTC day and tenant, counted by each process; 0 is none."`
}

// Watch is one folder to take files from.
type Watch struct {
	Path     string `key:"path" doc:"The folder."`
	Template string `key:"template" doc:"The job template for its files."`
	Tenant   string `key:"tenant" doc:"The tenant that owns them; empty is main."`
}

// Pull is about taking in by address.
type Pull struct {
	AllowPrivate bool `key:"allowPrivate" default:"false" doc:"Permit pulls and webhooks to addresses of this machine and its private networks."`
}

// Notify is about telling others.
type Notify struct {
	Webhooks []Webhook `key:"webhooks" doc:"Addresses that are told of events, for example [{url: https://example.org/hook, secret: …, events: [asset.published]}]."`
}

// Webhook is one address that is told of events.
type Webhook struct {
	URL    string   `key:"url" doc:"Where to POST."`
	Secret string   `key:"secret" secret:"true" doc:"Signs the messages (HMAC-SHA256); at least 16 characters."`
	Events []string `key:"events" doc:"Names of events; empty is all, asset.* is all of assets."`
}

// Rooms switches parts of the product.
type Rooms struct {
	Library  bool `key:"library" default:"true" doc:"Assets, collections, search by name."`
	Ingest   bool `key:"ingest" default:"true" doc:"Uploads, jobs, transcoding."`
	Quality  bool `key:"quality" default:"true" doc:"Checks of picture, sound and delivery."`
	Delivery bool `key:"delivery" default:"true" doc:"Playback, downloads, embeds."`
	Analysis bool `key:"analysis" default:"true" doc:"Transcripts, labels, objects, text, faces, moderation."`
}

// Log is about the process's own log on standard error.
type Log struct {
	Level  string `key:"level" default:"info" oneof:"debug,info,warn,error" doc:"Least severity that is written: debug, info, warn or error."`
	Format string `key:"format" default:"text" oneof:"text,json" doc:"Form of the log: text or json."`
}

// DefaultFile is read when it exists and no other is named.
const DefaultFile = "showreel.yaml"

// Load reads the configuration of this process. args are flags only ("--listen=:80", "--config", "file"). Every error is
// fault.Invalid with code "config" and names the key, where it was set and what to do.
func Load(args []string) (*Config, error) { return Read(args, os.Environ()) }

// Read is Load with a given environment (NAME=value).
func Read(args, environ []string) (*Config, error) {
	flags, file, err := fromFlags(args)
	if err != nil {
		return nil, err
	}
	return load(file, environ, flags)
}

// Source is for command lines that parse their own flags.
type Source struct {
	File  string            // the named file; "" looks for SHOWREEL_CONFIG, then DefaultFile
	Env   []string          // NAME=value
	Flags map[string]string // key to value, for the flags that were given
}

// Load reads the configuration of these sources, with the errors of Load.
func (s Source) Load() (*Config, error) {
	args := make([]string, 0, len(s.Flags))
	for _, key := range slices.Sorted(maps.Keys(s.Flags)) {
		args = append(args, "--"+key+"="+s.Flags[key])
	}
	flags, _, err := fromFlags(args)
	if err != nil {
		return nil, err
	}
	return load(s.File, s.Env, flags)
}

func load(file string, environ []string, flags layer) (*Config, error) {
	env, envFile, err := fromEnv(environ)
	if err != nil {
		return nil, err
	}
	if file == "" {
		file = envFile
	}
	var fileLayer layer
	text, name, err := readFile(file)
	if err != nil {
		return nil, err
	}
	if name != "" {
		if fileLayer, err = fromFile(name, text); err != nil {
			return nil, err
		}
	}
	return build(fileLayer, env, flags)
}

// Parse reads one file's text over the defaults, without environment or flags. name is for messages.
func Parse(name string, text []byte) (*Config, error) {
	l, err := fromFile(name, text)
	if err != nil {
		return nil, err
	}
	return build(l)
}

const fileMax = 1 << 20

// readFile returns nothing, without error, when no file was named and the default one does not exist.
func readFile(named string) (text []byte, name string, err error) {
	name = named
	if name == "" {
		name = DefaultFile
	}
	info, err := os.Stat(name)
	if named == "" && os.IsNotExist(err) {
		return nil, "", nil
	}
	if err == nil && info.Size() > fileMax {
		return nil, "", invalid("The configuration file %s is larger than 1 MB; it is probably not the right file.", name)
	}
	if err == nil {
		text, err = os.ReadFile(name)
	}
	if err != nil {
		return nil, "", invalid("The configuration file %s cannot be read: %s.", name, plainCause(err))
	}
	return text, name, nil
}

func plainCause(err error) string {
	switch {
	case os.IsNotExist(err):
		return "it does not exist"
	case os.IsPermission(err):
		return "this user may not read it"
	}
	return err.Error()
}

// build merges layers over the defaults, derives what is empty and checks the whole.
func build(layers ...layer) (*Config, error) {
	k := koanf.New(".")
	origins := map[string]string{}
	defaults, err := defaultLayer()
	if err != nil {
		return nil, err
	}
	for _, l := range append([]layer{defaults}, layers...) {
		values := make(map[string]any, len(l))
		for key, s := range l {
			values[key] = s.value
			origins[key] = s.origin
		}
		if err := k.Load(confmap.Provider(values, "."), nil); err != nil {
			return nil, fault.E("config.load", "", fault.Internal, err)
		}
	}
	c := &Config{origins: origins}
	if err := k.UnmarshalWithConf("", c, koanf.UnmarshalConf{Tag: "key"}); err != nil {
		return nil, fault.E("config.load", "", fault.Internal, err)
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	if err := c.derive(); err != nil {
		return nil, err
	}
	return c, nil
}

// derive fills the addresses that were left empty from the data directory and makes paths absolute.
func (c *Config) derive() error {
	data, err := filepath.Abs(c.Data)
	if err != nil {
		return fault.E("config.load", c.Data, fault.Internal, err)
	}
	c.Data = data
	c.fill("db", &c.DB, "sqlite:"+filepath.Join(data, "showreel.db"))
	c.fill("blob.raw", &c.Blob.Raw, "file:"+filepath.Join(data, "blobs", "raw"))
	c.fill("blob.processed", &c.Blob.Processed, "file:"+filepath.Join(data, "blobs", "processed"))
	c.fill("blob.generated", &c.Blob.Generated, "file:"+filepath.Join(data, "blobs", "generated"))
	c.fill("keys", &c.Keys, "file:"+filepath.Join(data, "keys"))
	flow := "sqlite:" + filepath.Join(data, "flow.db")
	if strings.HasPrefix(c.DB, "postgres") {
		flow = c.DB
	}
	c.fill("flow", &c.Flow, flow)
	c.fill("kv", &c.KV, c.DB)
	c.fill("models.dir", &c.Models.Dir, filepath.Join(data, "models"))
	for _, path := range []*string{&c.Models.Dir, &c.Models.Mirror} {
		if *path == "" {
			continue
		}
		if *path, err = filepath.Abs(*path); err != nil {
			return fault.E("config.load", *path, fault.Internal, err)
		}
	}
	for _, address := range []*string{&c.DB, &c.Blob.Raw, &c.Blob.Processed, &c.Blob.Generated, &c.Keys, &c.Flow, &c.KV} {
		if err := absolute(address); err != nil {
			return err
		}
	}
	for i := range c.Watch {
		if c.Watch[i].Tenant == "" {
			c.Watch[i].Tenant = "main"
		}
	}
	return nil
}

func (c *Config) fill(key string, field *string, value string) {
	if *field == "" {
		*field = value
		c.origins[key] = "derived"
	}
}

// absolute makes the path of a file: or sqlite: address absolute.
func absolute(address *string) error {
	for _, scheme := range []string{"file:", "sqlite:"} {
		path, ok := strings.CutPrefix(*address, scheme)
		if !ok {
			continue
		}
		if rest, ok := strings.CutPrefix(path, "//"); ok && strings.HasPrefix(rest, "/") {
			path = rest // file:///path
		}
		abs, err := filepath.Abs(path)
		if err != nil {
			return fault.E("config.load", path, fault.Internal, err)
		}
		*address = scheme + abs
	}
	return nil
}

// Origin says where a key's value came from: "default", "derived", "showreel.yaml:12", "SHOWREEL_LISTEN" or "--listen".
func (c *Config) Origin(key string) string { return c.origins[key] }

func invalid(text string, args ...any) error {
	return fault.Say("config.load", "", fault.Invalid, "config", "%s", fmt.Sprintf(text, args...))
}
