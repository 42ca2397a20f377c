# engine: doorstep
# error: 4: this string has a code that is no character: df01
require ["fileinto", "encoded-character"];
fileinto "${Unicode:DF01}";
