# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require "fileinto"; # one
/* two
 */ if header :is "subject" text: # three
two
.
{ discard; } elsif header :contains "subject"
"two" { fileinto "Folder"; }
