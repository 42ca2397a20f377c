# expect: fileinto A
require "fileinto";
if exists ["from", "x-empty"] { fileinto "A"; }
if exists ["from", "x-absent"] { discard; }
