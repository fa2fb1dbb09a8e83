package main

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// What the process keeps when it leaves root, so that a later reload can read the
// same files and bind the same ports as the start did.
const wanted = 1<<unix.CAP_NET_BIND_SERVICE | 1<<unix.CAP_DAC_READ_SEARCH | 1<<unix.CAP_NET_ADMIN | 1<<unix.CAP_NET_RAW

// keepCapabilities becomes uid and keeps those few capabilities on all threads; a
// binary that was built with cgo cannot, which kept tells.
func keepCapabilities(uid int) (kept bool, err error) {
	_, _, e := syscall.AllThreadsSyscall(unix.SYS_PRCTL, unix.PR_SET_KEEPCAPS, 1, 0)
	if e != 0 && e != syscall.ENOTSUP {
		return false, e
	}
	if err := syscall.Setuid(uid); err != nil || e != 0 {
		return false, err
	}
	hdr := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	data := [2]unix.CapUserData{{Effective: wanted, Permitted: wanted}}
	_, _, e = syscall.AllThreadsSyscall(unix.SYS_CAPSET, uintptr(unsafe.Pointer(&hdr)), uintptr(unsafe.Pointer(&data[0])), 0)
	return e == 0, nil
}
