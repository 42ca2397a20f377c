/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * Stands in for libFuzzer: runs a fuzz target over the files it is given.
 * Knows nothing of the targets. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define SEED_MAX ((size_t)16 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
run_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data = NULL;
	size_t size = 0;
	int rc = -1;

	if (file == NULL)
		goto out;
	data = malloc(SEED_MAX);
	if (data == NULL)
		goto out;
	size = fread(data, 1, SEED_MAX, file);
	if (ferror(file))
		goto out;
	/* An exact copy, so that a sanitizer sees a read past its end. */
	uint8_t *exact = malloc(size == 0 ? 1 : size);
	if (exact == NULL)
		goto out;
	for (size_t i = 0; i < size; i++)
		exact[i] = data[i];
	LLVMFuzzerTestOneInput(exact, size);
	free(exact);
	rc = 0;
out:
	if (rc == -1)
		perror(path);
	free(data);
	if (file != NULL)
		fclose(file);
	return rc;
}

int
main(int argc, char **argv)
{
	int failed = 0;

	for (int i = 1; i < argc; i++)
		failed |= run_file(argv[i]) != 0;
	return failed;
}
