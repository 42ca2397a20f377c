# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require "duplicate";
if duplicate :last :seconds 60 :header "x-id" :handle "a" { discard; }
if duplicate :handle "a" :uniqueid "b" :seconds 1K :last { discard; }
keep;
