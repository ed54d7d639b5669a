/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Directories that can be written without being changed. */
#ifndef HELPER_INSIDE_OVERLAY_H
#define HELPER_INSIDE_OVERLAY_H

#include <stdint.h>

/*
 * Makes a mount that shows the directory lower and keeps what is written to it in layer, an empty file system that is
 * mounted somewhere. Both are descriptors. The working directory must be the host's root. Returns the mount, attached
 * nowhere; ends the process when it fails. name: for messages.
 */
int overlay_make(int lower, int layer, uint64_t attributes, const char *name);

#endif
