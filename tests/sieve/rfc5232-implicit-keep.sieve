# expect: implicit keep (a c)
require "imap4flags";
setflag "a b";
addflag ["B", "c"];
removeflag "b";
