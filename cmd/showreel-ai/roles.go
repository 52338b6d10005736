//go:build cgo

package main

// roles is what this program can play: one line a role, and beside it one file roles_<role>.go with its open function.
func roles() map[string]openRole {
	return map[string]openRole{
		"language": openLanguage,
		"speech":   openSpeech,
		"vision":   openVision,
		"voice":    openVoice,
	}
}
