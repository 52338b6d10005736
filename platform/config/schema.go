package config

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// field is one key, as the struct's tags tell it.
type field struct {
	key    string // full, with dots
	def    string
	doc    string
	oneOf  []string
	min    string
	secret bool
	typ    reflect.Type
	index  []int
}

// fields lists every key in the order of the struct.
func fields() []field { return fieldsOf(reflect.TypeFor[Config](), "", nil) }

func fieldsOf(t reflect.Type, prefix string, index []int) []field {
	var list []field
	for i := range t.NumField() {
		f := t.Field(i)
		if !f.IsExported() {
			continue
		}
		key := prefix + f.Tag.Get("key")
		at := append(append([]int(nil), index...), i)
		if f.Type.Kind() == reflect.Struct {
			list = append(list, fieldsOf(f.Type, key+".", at)...)
			continue
		}
		entry := field{key: key, def: f.Tag.Get("default"), doc: f.Tag.Get("doc"), min: f.Tag.Get("min"),
			secret: f.Tag.Get("secret") != "", typ: f.Type, index: at}
		if choices := f.Tag.Get("oneof"); choices != "" {
			entry.oneOf = strings.Split(choices, ",")
		}
		list = append(list, entry)
	}
	return list
}

// byKey finds a key and tells a section (a prefix of keys) from an unknown one.
func byKey(key string) (f field, leaf, section bool) {
	for _, f := range fields() {
		if f.key == key {
			return f, true, false
		}
		if strings.HasPrefix(f.key, key+".") {
			section = true
		}
	}
	return field{}, false, section
}

// setting is a converted value and where it was set.
type setting struct {
	value  any
	origin string
}

// layer is what one source sets.
type layer map[string]setting

func defaultLayer() (layer, error) {
	l := layer{}
	for _, f := range fields() {
		v, err := f.fromText(f.def)
		if err != nil {
			return nil, err
		}
		l[f.key] = setting{v, "default"}
	}
	return l, nil
}

// fromText converts the text of a default, a variable or a flag. Lists are YAML, or plain words with commas.
func (f field) fromText(text string) (any, error) {
	if f.typ.Kind() != reflect.Slice {
		return f.convert(text)
	}
	text = strings.TrimSpace(text)
	if text == "" {
		return reflect.MakeSlice(f.typ, 0, 0).Interface(), nil
	}
	if f.typ.Elem().Kind() == reflect.String && !strings.HasPrefix(text, "[") {
		words := strings.Split(text, ",")
		for i := range words {
			words[i] = strings.TrimSpace(words[i])
		}
		return words, nil
	}
	var raw any
	if err := yaml.Unmarshal([]byte(text), &raw); err != nil {
		return nil, fmt.Errorf("is not a list in the form [a, b]")
	}
	return f.convert(raw)
}

// convert makes a raw YAML value into the key's type. Its errors are the end of a sentence that begins with the key.
func (f field) convert(raw any) (any, error) {
	v := reflect.New(f.typ).Elem()
	if err := assign(v, raw); err != nil {
		return nil, err
	}
	if err := f.bounds(v); err != nil {
		return nil, err
	}
	return v.Interface(), nil
}

func (f field) bounds(v reflect.Value) error {
	if f.min != "" {
		least, err := strconv.ParseFloat(f.min, 64)
		if err != nil {
			return fmt.Errorf("has a broken lower bound")
		}
		n := 0.0
		if v.CanInt() {
			n = float64(v.Int())
		} else {
			n = v.Float()
		}
		if n < least {
			return fmt.Errorf("must be at least %s", f.min)
		}
	}
	if len(f.oneOf) > 0 {
		for _, choice := range f.oneOf {
			if v.String() == choice {
				return nil
			}
		}
		return fmt.Errorf("must be one of %s", strings.Join(f.oneOf, ", "))
	}
	return nil
}

func assign(v reflect.Value, raw any) error {
	if raw == nil {
		v.SetZero()
		return nil
	}
	switch v.Kind() {
	case reflect.String:
		return assignString(v, raw)
	case reflect.Bool:
		return assignBool(v, raw)
	case reflect.Int, reflect.Int64, reflect.Float64:
		return assignNumber(v, raw)
	case reflect.Slice:
		return assignList(v, raw)
	case reflect.Struct:
		return assignStruct(v, raw)
	}
	return fmt.Errorf("is of a kind that cannot be set")
}

func assignString(v reflect.Value, raw any) error {
	switch raw.(type) {
	case []any, map[string]any, map[any]any:
		return fmt.Errorf("must be one text, not a list or a section")
	}
	text := fmt.Sprint(raw)
	if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' }) {
		return fmt.Errorf("must not contain line breaks or control characters")
	}
	v.SetString(text)
	return nil
}

func assignBool(v reflect.Value, raw any) error {
	switch strings.ToLower(fmt.Sprint(raw)) {
	case "true", "yes", "on", "1":
		v.SetBool(true)
	case "false", "no", "off", "0", "":
		v.SetBool(false)
	default:
		return fmt.Errorf("must be true or false")
	}
	return nil
}

func assignNumber(v reflect.Value, raw any) error {
	text := strings.ReplaceAll(strings.TrimSpace(fmt.Sprint(raw)), "_", "")
	if v.Kind() == reflect.Float64 {
		n, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
			return fmt.Errorf("must be a number")
		}
		v.SetFloat(n)
		return nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || v.OverflowInt(n) {
		return fmt.Errorf("must be a whole number")
	}
	v.SetInt(n)
	return nil
}

func assignList(v reflect.Value, raw any) error {
	items, ok := raw.([]any)
	if !ok {
		if v.Type().Elem().Kind() != reflect.String {
			return fmt.Errorf("must be a list")
		}
		items = []any{raw} // one word stands for a list of one
	}
	list := reflect.MakeSlice(v.Type(), len(items), len(items))
	for i, item := range items {
		if err := assign(list.Index(i), item); err != nil {
			return fmt.Errorf("has a wrong entry %d: it %w", i+1, err)
		}
	}
	v.Set(list)
	return nil
}

func assignStruct(v reflect.Value, raw any) error {
	entries, ok := raw.(map[string]any)
	if !ok {
		return fmt.Errorf("must be written as {%s: …}", v.Type().Field(0).Tag.Get("key"))
	}
	known := make([]string, 0, v.NumField())
	for i := range v.NumField() {
		known = append(known, v.Type().Field(i).Tag.Get("key"))
	}
	for key, value := range entries {
		at := -1
		for i, k := range known {
			if k == key {
				at = i
			}
		}
		if at < 0 {
			return fmt.Errorf("has an unknown part %q; known are %s", key, strings.Join(known, ", "))
		}
		if err := assign(v.Field(at), value); err != nil {
			return fmt.Errorf("has a wrong %s: it %w", key, err)
		}
	}
	return nil
}
