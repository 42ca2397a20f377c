/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* libsieve2 by itself, for differential.py: registers its callbacks plainly and
 * says what a script does with a message.  Knows nothing of Doorstep.
 *
 *	libsieve_oracle SCRIPT MESSAGE FROM TO
 *
 * An action a line, its name and a tab and its argument; `error LINE TEXT`.
 * Header fields are given to it one by one, unfolded: its own parser of headers
 * is not what is asked. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <sieve2.h>

#define FIELDS_MAX 100

struct oracle {
	char *script, *message, *from, *to;
	char *names[FIELDS_MAX], *values[FIELDS_MAX + 1];
	char *found[FIELDS_MAX + 1];
	int field_count, size;
	int is_kept;
};

static char *
read_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	char *text = calloc(1, 1 << 20);

	if (file == NULL || text == NULL || fread(text, 1, (1 << 20) - 1, file) == 0) {
		fprintf(stderr, "libsieve_oracle: cannot read %s\n", path);
		exit(2);
	}
	fclose(file);
	return text;
}

/* Names and values of the header, in place; a fold's line end is dropped. */
static void
split_header(struct oracle *oracle, char *line)
{
	char *next, *colon, *end;

	for (; *line != '\0' && *line != '\n' && oracle->field_count < FIELDS_MAX; line = next) {
		next = line + strcspn(line, "\n");
		while (next[0] == '\n' && (next[1] == ' ' || next[1] == '\t')) {
			memmove(next, next + 1, strlen(next));
			next += strcspn(next, "\n");
		}
		end = next;
		next += *next == '\n';
		*end = '\0';
		colon = strchr(line, ':');
		if (colon == NULL)
			continue;
		*colon = '\0';
		oracle->names[oracle->field_count] = line;
		oracle->values[oracle->field_count++] = colon + 1 + strspn(colon + 1, " \t");
	}
}

/* ---- callbacks ---- */

static char *
get_string(sieve2_context_t *context, const char *name)
{
	char copy[32];

	snprintf(copy, sizeof copy, "%s", name);
	return sieve2_getvalue_string(context, copy);
}

static void
set_string(sieve2_context_t *context, const char *name, char *value)
{
	char copy[32];

	snprintf(copy, sizeof copy, "%s", name);
	sieve2_setvalue_string(context, copy, value);
}

static int
give_script(sieve2_context_t *context, void *arg)
{
	struct oracle *oracle = arg;

	set_string(context, "script", oracle->script);
	return SIEVE2_OK;
}

static int
give_header(sieve2_context_t *context, void *arg)
{
	struct oracle *oracle = arg;
	const char *name = get_string(context, "header");
	char body[] = "body";
	int i, n = 0;

	for (i = 0; i < oracle->field_count; i++)
		if (name != NULL && strcasecmp(name, oracle->names[i]) == 0)
			oracle->found[n++] = oracle->values[i];
	oracle->found[n] = NULL;
	sieve2_setvalue_stringlist(context, body, n == 0 ? NULL : oracle->found);
	return SIEVE2_OK;
}

static int
give_envelope(sieve2_context_t *context, void *arg)
{
	struct oracle *oracle = arg;

	set_string(context, "to", oracle->to);
	set_string(context, "from", oracle->from);
	return SIEVE2_OK;
}

static int
give_size(sieve2_context_t *context, void *arg)
{
	struct oracle *oracle = arg;
	char size[] = "size";

	sieve2_setvalue_int(context, size, oracle->size);
	return SIEVE2_OK;
}

static int
give_parts(sieve2_context_t *context, void *arg)
{
	static char address[1024], user[1024];
	const char *given = get_string(context, "address");
	char *at, *plus;

	(void)arg;
	snprintf(address, sizeof address, "%s", given == NULL ? "" : given);
	at = strrchr(address, '@');
	if (at != NULL)
		*at = '\0';
	snprintf(user, sizeof user, "%s", address);
	plus = strchr(user, '+');
	if (plus != NULL)
		*plus = '\0';
	set_string(context, "localpart", address);
	set_string(context, "domain", at == NULL ? address + strlen(address) : at + 1);
	set_string(context, "user", user);
	set_string(context, "detail", plus == NULL ? user + strlen(user) : plus + 1);
	return SIEVE2_OK;
}

static int
take_fileinto(sieve2_context_t *context, void *arg)
{
	(void)arg;
	printf("fileinto\t%s\n", get_string(context, "mailbox"));
	return SIEVE2_OK;
}

static int
take_redirect(sieve2_context_t *context, void *arg)
{
	(void)arg;
	printf("redirect\t%s\n", get_string(context, "address"));
	return SIEVE2_OK;
}

static int
take_keep(sieve2_context_t *context, void *arg)
{
	struct oracle *oracle = arg;

	(void)context;
	/* It keeps twice where the script does, and where it is due besides. */
	if (!oracle->is_kept)
		printf("keep\t\n");
	oracle->is_kept = 1;
	return SIEVE2_OK;
}

static int
take_discard(sieve2_context_t *context, void *arg)
{
	(void)context;
	(void)arg;
	return SIEVE2_OK;
}

static int
take_error(sieve2_context_t *context, void *arg)
{
	char lineno[] = "lineno";

	(void)arg;
	printf("error\t%d %s\n", sieve2_getvalue_int(context, lineno), get_string(context, "message"));
	return SIEVE2_OK;
}

int
main(int argc, char **argv)
{
	sieve2_callback_t callbacks[] = {
		{ SIEVE2_SCRIPT_GETSCRIPT, give_script }, { SIEVE2_MESSAGE_GETHEADER, give_header },
		{ SIEVE2_MESSAGE_GETENVELOPE, give_envelope }, { SIEVE2_MESSAGE_GETSIZE, give_size },
		{ SIEVE2_MESSAGE_GETSUBADDRESS, give_parts }, { SIEVE2_ACTION_FILEINTO, take_fileinto },
		{ SIEVE2_ACTION_REDIRECT, take_redirect }, { SIEVE2_ACTION_KEEP, take_keep },
		{ SIEVE2_ACTION_DISCARD, take_discard }, { SIEVE2_ERRCALL_PARSE, take_error },
		{ SIEVE2_ERRCALL_RUNTIME, take_error }, { 0, NULL },
	};
	struct oracle oracle = { .from = argv[3], .to = argv[4] };
	sieve2_context_t *context = NULL;

	if (argc != 5)
		return 2;
	oracle.script = read_file(argv[1]);
	oracle.message = read_file(argv[2]);
	oracle.size = (int)strlen(oracle.message);
	split_header(&oracle, oracle.message);
	if (sieve2_alloc(&context) != SIEVE2_OK)
		return 2;
	sieve2_callbacks(context, callbacks);
	sieve2_execute(context, &oracle);
	fflush(stdout);
	_Exit(0); /* what it leaves behind is not the question */
}
