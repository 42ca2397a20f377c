# expect: fileinto A
require "fileinto";
if allof (size :over 300, size :under 1K) { fileinto "A"; }
if anyof (size :over 1M, size :under 100, size :over 5G) { discard; }
