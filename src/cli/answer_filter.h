/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_CLI_ANSWER_FILTER_H
#define DOORSTEP_CLI_ANSWER_FILTER_H

#include "conf/conf.h"
#include "ipc/actions.h"
#include "ipc/wire.h"

/*
 * What a filter of the command asks in the middle of a script: other scripts
 * are looked for beside the script and where the settings say; there are no
 * folders, annotations, marks and lists in a test.  *text_out is appended to.
 */
enum filter_answer answer_filter(const struct conf *conf, const char *script_path,
    const struct msg_FILTER_ASKS *asked, struct buf *text_out);

#endif
