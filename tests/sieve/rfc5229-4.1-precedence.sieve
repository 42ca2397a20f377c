# engine: doorstep
# error: 3: `:upper` cannot stand beside `:lower`
require "variables"; set :lower :upper "a" "b";
