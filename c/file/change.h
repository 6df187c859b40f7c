/* Whether an existing file can be changed where it is (mode "r+"), found out without changing it. */
#ifndef PS_FILE_CHANGE_H
#define PS_FILE_CHANGE_H

#include "file/codec.h"
#include "file/probe.h"

/* Tries a change, on a copy of what would be written: a codec may rewrite the header and move, cut or lose what is
 * there. PS_OK, or an error that says so. The medium stands at its start. */
int32_t change_check(const char *name, struct medium *medium, const struct probe *probe,
                     const struct codec_info *wanted);

#endif
