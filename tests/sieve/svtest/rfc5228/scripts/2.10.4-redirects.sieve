# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
redirect "other1@example.net";
redirect "other2@example.net";
redirect "other3@example.net";
redirect "other4@example.net";
redirect "other5@example.net";
redirect "other6@example.net";
redirect "other7@example.net";
redirect "other8@example.net";
redirect "other9@example.net";
redirect "other10@example.net";
redirect "other11@example.net";
redirect "other12@example.net";
redirect "other13@example.net";
redirect "other14@example.net";
redirect "other15@example.net";
redirect "other16@example.net";
redirect "other17@example.net";
redirect "other18@example.net";
redirect "other19@example.net";
redirect "other20@example.net";
