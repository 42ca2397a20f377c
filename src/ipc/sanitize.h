/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_IPC_SANITIZE_H
#define DOORSTEP_IPC_SANITIZE_H

/*
 * 1 in a build with the address sanitizer.  Its shadow memory takes terabytes
 * of address space and its leak check at exit opens files, clones and traces:
 * neither RLIMIT_AS nor a seccomp filter can stand with it.  This is the one
 * switch for both.
 */
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZE_ADDRESS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZE_ADDRESS 1
#endif
#endif
#ifndef SANITIZE_ADDRESS
#define SANITIZE_ADDRESS 0
#endif

#endif
