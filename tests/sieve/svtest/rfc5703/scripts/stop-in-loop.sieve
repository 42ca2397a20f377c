# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["foreverypart", "fileinto", "mailbox"];
foreverypart {
	keep;
	stop;
}
fileinto :create "late";
