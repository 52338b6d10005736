package fileblob_test

import "golang.org/x/sys/unix"

func mountSmall(dir string) error { return unix.Mount("tmpfs", dir, "tmpfs", 0, "size=4m") }
func unmount(dir string) error    { return unix.Unmount(dir, 0) }
