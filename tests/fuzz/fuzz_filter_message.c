/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Any bytes as a message: all that its host answers, and scripts that look at
 * all of it and change it, run by each engine. */

#include <stdint.h>

#include "base/bug.h"
#include "filter/answer.h"

#define ALL "[\"from\",\"to\",\"cc\",\"subject\",\"x\"]"
#define SCRIPT "require [\"relational\",\"regex\",\"subaddress\",\"comparator-i;ascii-numeric\"];" \
	"if header :contains " ALL " \"x\" {discard;} if header :matches " ALL " \"*a?b*\" {stop;}" \
	"if address :detail " ALL " \"x\" {keep;} if header :regex " ALL " \"a|b+c\" {keep;}" \
	"if address :count \"gt\" :comparator \"i;ascii-numeric\" " ALL " \"3\" {keep;}"
#define PARTS "require [\"body\",\"mime\",\"foreverypart\",\"extracttext\",\"replace\"," \
	"\"enclose\",\"convert\",\"variables\",\"editheader\",\"copy\",\"fileinto\"];" \
	"if body :matches \"*a?\r\n*\" {fileinto :copy \"a\";}" \
	"if body :raw :contains \"\r\nx\" {fileinto :copy \"b\";}" \
	"if body :content [\"text\",\"multipart\",\"message\"] :contains \"x\" {fileinto :copy \"c\";}" \
	"if header :mime :anychild :param [\"name\",\"filename\"] " \
	"[\"content-type\",\"content-disposition\"] \"x\" {fileinto :copy \"d\";}" \
	"if header :mime :anychild :contenttype \"content-type\" \"text/html\" {addheader \"x\" \"y\";}" \
	"foreverypart { foreverypart { extracttext :first 9 :upper \"t\"; break; }" \
	"if address :mime :contains \"from\" \"x\" {replace :mime \"Content-Type: a/b\r\n\r\nx\";}" \
	"if header :mime :subtype \"content-type\" \"plain\" {replace \"--${t}\r\n--b\r\n\";} }" \
	"convert \"text/html\" \"text/plain\" \"\"; deleteheader \"subject\";" \
	"if header :contains \"subject\" \"e\" {enclose :headers \"to\" \"${t}\";} fileinto \"e\";"

static void
ask_host(struct answerer *self, struct str text)
{
	struct host host;
	struct str value;

	host_init(&host, text, &self->arena, NULL, &self->scratch);
	for (uint32_t part = 0; part < host_part_count(&host); part++) {
		const struct header *header = host_part_header(&host, part);

		for (uint32_t i = 0; header != NULL && i < header->count; i++) {
			struct host_fields *fields = host_fields(&host, part, header->fields[i].name);
			struct date date;

			BUG_ON(fields == NULL || fields->n == 0);
			host_field(&host, fields, fields->n - 1);
			host_field_addresses(&host, fields, 0);
			host_text_addresses(&host, host_field_raw(fields, 0));
			host_has_date(host_field_raw(fields, 0), &date);
			for (int what = HOST_MIME_TYPE; what <= HOST_MIME_PARAM; what++)
				host_has_mime_value(&host, host_field_raw(fields, 0),
				    (enum host_mime)what, STR("name"), &value);
		}
		for (int kind = HOST_BODY_RAW; kind <= HOST_BODY_ALL; kind++)
			value = host_body(&host, part, (enum host_body)kind);
		BUG_ON(part == 0 && !str_is_equal(value, text));
		host_convert(&host, host_body(&host, part, HOST_BODY_DECODED), true);
		host_convert(&host, host_body(&host, part, HOST_BODY_DECODED), false);
	}
	host_fini(&host);
}

static void
run_script(struct answerer *self, struct str script, struct str text)
{
	struct rec_script_ref ref = { .id = 1 };
	struct rec_filter_rcpt rcpt = { .address = STR("a@example.org"), .scripts = { &ref, 1 } };
	struct msg_DELIVER_ASKS_FILTER question = { .fd = -1, .recipients = { &rcpt, 1 } };
	struct msg_FILTER_ANSWERS answer;

	if (self->engine == NULL)
		return;
	self->cache = cache_new(self->engine);
	cache_give(self->cache, 1, script);
	BUG_ON(cache_find(self->cache, 1)->compiled == NULL);
	answer_question(self, &question, text, &answer);
	cache_free(&self->cache);
	arena_empty(&self->arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct answerer self = { .delimiters = "+" };
	struct str text = { (const char *)data, size };

	arena_init_limit(&self.arena, HOST_MEMORY_MAX);
	ask_host(&self, text);
	arena_empty(&self.arena);
	self.engine = engine_find(STR("libsieve"));
	run_script(&self, STR(SCRIPT), text);
	self.engine = engine_find(STR("doorstep"));
	run_script(&self, STR(PARTS), text);
	arena_fini(&self.arena);
	buf_fini(&self.scratch);
	buf_fini(&self.made);
	return 0;
}
