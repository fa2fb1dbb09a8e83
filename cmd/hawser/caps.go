package main

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// What the process keeps when it leaves root, so that a later reload can read the
// same files and bind the same ports as the start did.
const kept = 1<<unix.CAP_NET_BIND_SERVICE | 1<<unix.CAP_DAC_READ_SEARCH | 1<<unix.CAP_NET_ADMIN | 1<<unix.CAP_NET_RAW

// keepCapabilities becomes uid and keeps those few capabilities on all threads.
func keepCapabilities(uid int) error {
	if _, _, e := syscall.AllThreadsSyscall(unix.SYS_PRCTL, unix.PR_SET_KEEPCAPS, 1, 0); e != 0 && e != syscall.ENOTSUP {
		return e
	}
	if err := syscall.Setuid(uid); err != nil {
		return err
	}
	hdr := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	data := [2]unix.CapUserData{{Effective: kept, Permitted: kept}}
	_, _, e := syscall.AllThreadsSyscall(unix.SYS_CAPSET, uintptr(unsafe.Pointer(&hdr)), uintptr(unsafe.Pointer(&data[0])), 0)
	if e != 0 && e != syscall.ENOTSUP {
		return nil // without them a reload may be refused, which it will say
	}
	return nil
}
