package access

import (
	"slices"
	"strings"
)

// The groups of actions, each inside the next: who may edit may look, who may manage may do all.
const (
	groupLook   = "look"
	groupEdit   = "edit"
	groupManage = "manage"
)

// guarded are the kinds of resource that only administrators look after, whatever the verb.
var guarded = []string{"user", "key", "audit", "tenant", "config", "backup"}

// verbs sorts the verbs of actions into groups. A verb that is not here is for administrators: what nobody thought
// about stays closed.
var verbs = map[string]string{
	"read": groupLook, "list": groupLook, "play": groupLook, "search": groupLook, "export": groupLook,
	"explain": groupLook, "view": groupLook, "stream": groupLook,

	"create": groupEdit, "update": groupEdit, "edit": groupEdit, "write": groupEdit, "delete": groupEdit,
	"trash": groupEdit, "restore": groupEdit, "tag": groupEdit, "annotate": groupEdit, "download": groupEdit,
	"upload": groupEdit, "pull": groupEdit, "ingest": groupEdit, "process": groupEdit, "reprocess": groupEdit,
	"control": groupEdit, "pause": groupEdit, "resume": groupEdit, "cancel": groupEdit, "retry": groupEdit,
	"release": groupEdit, "prioritise": groupEdit, "waive": groupEdit, "publish": groupEdit, "approve": groupEdit,
}

// GroupOf returns the group an action such as "asset:read" belongs to: look, edit or manage.
func GroupOf(action string) string {
	kind, verb, found := strings.Cut(action, ":")
	if !found || slices.Contains(guarded, kind) {
		return groupManage
	}
	if kind == "template" || kind == "policy" || kind == "settings" {
		if verbs[verb] == groupLook {
			return groupLook
		}
		return groupManage
	}
	if g, ok := verbs[verb]; ok {
		return g
	}
	return groupManage
}

// Actions lists the actions a console asks about to decide what to show; services may check others.
func Actions() []string {
	return []string{
		"asset:read", "asset:play", "asset:export", "asset:create", "asset:update", "asset:download", "asset:trash",
		"asset:restore", "asset:purge", "asset:annotate", "asset:process", "asset:approve",
		"collection:read", "collection:create", "collection:update", "collection:delete",
		"job:read", "job:control", "upload:create", "template:read", "template:write", "policy:read", "policy:write",
		"finding:read", "finding:waive", "glossary:read", "glossary:write", "person:read", "person:create", "person:update", "person:delete", "person:consent",
		"settings:read", "settings:write", "user:read", "user:create", "user:update", "user:grant", "user:delete",
		"key:read", "key:create", "key:delete", "audit:read", "system:read", "system:manage",
	}
}
