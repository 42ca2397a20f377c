# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
discard;
if 
allof (true,
anyof (false, 
allof (true,
anyof (false, 
allof (true,
anyof (false, 
allof (true,
anyof (false, 
allof (true,
anyof (false, 
allof (true,
anyof (false, 
allof (true,
anyof (false, 
allof (true,
anyof (false, true)))))))))))))))) {
	keep;
}
