//go:build cgo

package onnx

/*
#include <stdlib.h>
#ifdef __GLIBC__
#include <malloc.h>
#else
#define mallopt(what, value) (0)
#define malloc_trim(pad) (0)
#endif
#ifndef M_ARENA_MAX
#define M_ARENA_MAX 0
#define M_MMAP_THRESHOLD 0
#define M_TRIM_THRESHOLD 0
#endif

static void sr_tune(void) {
    mallopt(M_ARENA_MAX, 1);
    mallopt(M_MMAP_THRESHOLD, 256 << 20);
    mallopt(M_TRIM_THRESHOLD, 384 << 20);
}

static void sr_trim(void) { malloc_trim(0); }
*/
import "C"

import "runtime/debug"

// tune sets glibc's allocator (mallopt(3)) for networks that take and give back hundreds of MB a run: one heap that all of
// them share, of which what is given back is used again. By default each block is mapped and unmapped, and the kernel clears
// its pages every time, which took a quarter of the processor time of reading pictures (nine pictures: 4.4 s and 1.6 s in the
// kernel, then 0.5 s), and every thread keeps a heap of its own. Trim gives the heap back.
func tune() { C.sr_tune() }

// Trim gives memory that is free in this process back to the machine. Call it after models were unloaded.
func Trim() {
	C.sr_trim()
	debug.FreeOSMemory()
}
