# expect: implicit keep
# multi-line strings end in a line end, so they are no header's value
if header :is "list-id" text:
Developers <dev.lists.example.org>
.
{
	discard;
}
