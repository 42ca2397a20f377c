# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require "enotify";
notify "mailto:alm@example.com?subject=Ding%0D%0AX-Injected:%20yes";
