# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["redirect-deliverby"];
redirect :bytimerelative 60 :bymode "frop" "else@example.net";
