package config

import (
	"reflect"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// fromFile reads YAML strictly: unknown and repeated keys are errors that name the line.
func fromFile(name string, text []byte) (layer, error) {
	if len(text) > fileMax {
		return nil, invalid("%s is larger than 1 MB; it is probably not the right file.", name)
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return nil, invalid("%s is not valid YAML: %s.", name, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	l := layer{}
	if doc.Kind == 0 || len(doc.Content) == 0 {
		return l, nil // empty, or comments only
	}
	return l, walk(name, "", doc.Content[0], l)
}

func walk(name, prefix string, node *yaml.Node, l layer) error {
	node = target(node)
	if node.Kind == yaml.ScalarNode && node.Tag == "!!null" {
		return nil // a section whose keys are all commented out
	}
	if node.Kind != yaml.MappingNode {
		what := strings.TrimSuffix(prefix, ".")
		if what == "" {
			return invalid("%s must consist of lines in the form key: value.", name)
		}
		return invalid("%s:%d: %s is a section; write its keys under it, indented.", name, node.Line, what)
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		keyNode, value := node.Content[i], node.Content[i+1]
		key := prefix + keyNode.Value
		if line, again := seen[key]; again {
			return invalid("%s:%d: %s is set twice, first on line %d; remove one.", name, keyNode.Line, key, line)
		}
		seen[key] = keyNode.Line
		if err := entry(name, key, keyNode.Line, value, l); err != nil {
			return err
		}
	}
	return nil
}

func entry(name, key string, line int, value *yaml.Node, l layer) error {
	f, leaf, section := byKey(key)
	if section {
		return walk(name, key+".", value, l)
	}
	if !leaf {
		return invalid("%s:%d: there is no key %s%s", name, line, quoted(key), didYouMean(key))
	}
	var raw any
	if err := value.Decode(&raw); err != nil {
		return invalid("%s:%d: the value of %s is not valid YAML.", name, line, key)
	}
	v, err := f.convert(raw)
	if err != nil {
		return invalid("%s:%d: %s %s.", name, line, key, err)
	}
	l[key] = setting{v, name + ":" + strconv.Itoa(line)}
	return nil
}

// target follows an alias; the decoder itself refuses aliases that contain themselves.
func target(node *yaml.Node) *yaml.Node {
	if node.Kind == yaml.AliasNode {
		return node.Alias
	}
	return node
}

const envPrefix = "SHOWREEL_"

// foreign are variables of ours that are no keys: the command line's and the tests'.
var foreign = []string{"CONFIG", "SERVER", "TOKEN", "KEY"}

// EnvName returns the variable that sets a key: tls.cert is SHOWREEL_TLS_CERT.
func EnvName(key string) string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
}

// squash makes SHOWREEL_PUBLIC_URL and SHOWREEL_PUBLICURL the same.
func squash(name string) string { return strings.ReplaceAll(strings.ToUpper(name), "_", "") }

// fromEnv reads SHOWREEL_ variables. One that is nearly a key is an error, for it is a slip; others are not ours.
func fromEnv(environ []string) (l layer, file string, err error) {
	l = layer{}
	known := map[string]field{}
	for _, f := range fields() {
		known[squash(EnvName(f.key))] = f
	}
	for _, pair := range environ {
		name, text, _ := strings.Cut(pair, "=")
		short, ours := strings.CutPrefix(name, envPrefix)
		if !ours || strings.HasPrefix(short, "TEST_") {
			continue
		}
		if short == "CONFIG" {
			file = text
		}
		f, found := known[squash(name)]
		if !found {
			if near := nearest(strings.ToLower(strings.ReplaceAll(short, "_", "."))); near != "" && !slices.Contains(foreign, short) {
				return nil, "", invalid("The variable %s sets no key; did you mean %s?", name, EnvName(near))
			}
			continue
		}
		v, err := f.fromText(text)
		if err != nil {
			return nil, "", invalid("The variable %s: %s %s.", name, f.key, err)
		}
		l[f.key] = setting{v, name}
	}
	return l, file, nil
}

// fromFlags reads --key=value, --key value and, for switches, --key alone.
func fromFlags(args []string) (l layer, file string, err error) {
	l = layer{}
	for i := 0; i < len(args); i++ {
		arg, isFlag := strings.CutPrefix(args[i], "-")
		if !isFlag {
			return nil, "", invalid("%s is not a flag; flags are written --key=value.", quoted(args[i]))
		}
		key, text, hasText := strings.Cut(strings.TrimPrefix(arg, "-"), "=")
		f, leaf, _ := byKey(key)
		if !leaf && key != "config" {
			return nil, "", invalid("There is no flag %s%s", quoted("--"+key), didYouMean(key))
		}
		if !hasText {
			switch {
			case leaf && f.typ.Kind() == reflect.Bool:
				text = "true"
			case i+1 < len(args):
				i++
				text = args[i]
			default:
				return nil, "", invalid("The flag --%s needs a value: --%s=….", key, key)
			}
		}
		if key == "config" {
			file = text
			continue
		}
		v, err := f.fromText(text)
		if err != nil {
			return nil, "", invalid("The flag --%s %s.", key, err)
		}
		l[key] = setting{v, "--" + key}
	}
	return l, file, nil
}

// quoted shows what somebody wrote, shortened and without control characters.
func quoted(s string) string {
	if r := []rune(s); len(r) > 60 {
		s = string(r[:60]) + "…"
	}
	return strconv.Quote(s)
}
