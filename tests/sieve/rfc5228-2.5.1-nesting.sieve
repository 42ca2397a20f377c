# expect: fileinto A
require "fileinto";
if allof (not anyof (false, not true), anyof (false, allof (true, true))) { fileinto "A"; }
else { discard; }
