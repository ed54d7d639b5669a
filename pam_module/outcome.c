/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Foreign bytes made fit for a log line (threats E1, E5: names and terminals with newlines forge lines). */
#include "pam_module/outcome.h"

#include <stdio.h>

const char *quoted(const char *text, char buffer[QUOTED_SIZE])
{
	static const char cut[] = "...";
	size_t length = 0;

	if (!text)
		text = "(none)";
	for (; *text; text++) {
		unsigned char byte = (unsigned char)*text;
		if (length + 4 + sizeof(cut) > QUOTED_SIZE) {
			snprintf(buffer + length, QUOTED_SIZE - length, "%s", cut);
			return buffer;
		}
		if (byte < 0x20 || byte > 0x7e || byte == '\\')
			length += (size_t)snprintf(buffer + length, QUOTED_SIZE - length, "\\x%02x", byte);
		else
			buffer[length++] = (char)byte;
	}
	buffer[length] = '\0';
	return buffer;
}
